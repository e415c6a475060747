/*
 * A chat-completions server for measuring clients: every POST is answered after a fixed time, on one thread, with epoll. It
 * reads no JSON, so that it costs far less than the client it serves. Prints its port, ends with its standard input.
 *
 *     server MILLISECONDS
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 1024, REQUEST_MAX = 64 << 10, EVENTS = 256 };

struct connection {
    int fd;
    size_t len;
    char bytes[REQUEST_MAX];
};

struct due { /* fixed latency: a queue is in order of time */
    int64_t at;
    int fd;
};

struct server {
    int epoll, listener;
    int64_t latency_us;
    struct connection *by_fd[CONNECTIONS];
    struct due queue[CONNECTIONS];
    size_t first, count;
    char reply[1024];
    size_t reply_len;
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void make_reply(struct server *s)
{
    static const char body[] =
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"bench\",\"choices\":[{\"index\":0,"
        "\"message\":{\"role\":\"assistant\",\"content\":\"The patient should rest, drink enough and come back in two "
        "weeks, or at once if the fever returns.\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":300,\"completion_tokens\":25,\"total_tokens\":325,\"prompt_tokens_details\":"
        "{\"cached_tokens\":0}}}";
    s->reply_len = (size_t)snprintf(s->reply, sizeof s->reply,
                                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                    sizeof body - 1, body);
}

static void drop(struct server *s, struct connection *c)
{
    s->by_fd[c->fd] = NULL;
    close(c->fd);
    free(c);
}

static void add_connection(struct server *s)
{
    int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0 || fd >= CONNECTIONS) {
        if (fd >= 0)
            close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *c = malloc(sizeof *c);
    if (!c)
        abort();
    c->fd = fd;
    c->len = 0;
    s->by_fd[fd] = c;
    epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
}

/* Bytes of the whole request at the start of the buffer, 0 while it is not all there. */
static size_t request_len(const struct connection *c)
{
    const char *end = memmem(c->bytes, c->len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - c->bytes) + 4, length = 0;
    for (const char *line = c->bytes; line < end; line = (const char *)memchr(line, '\n', head) + 1) {
        if (strncasecmp(line, "content-length:", 15) == 0)
            length = strtoul(line + 15, NULL, 10);
    }
    return head + length <= c->len ? head + length : 0;
}

static void read_requests(struct server *s, struct connection *c)
{
    ssize_t n = read(c->fd, c->bytes + c->len, sizeof c->bytes - c->len - 1);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(s, c);
        return;
    }
    c->len += (size_t)n;
    for (size_t len; (len = request_len(c)) > 0;) {
        memmove(c->bytes, c->bytes + len, c->len - len);
        c->len -= len;
        s->queue[(s->first + s->count++) % CONNECTIONS] = (struct due){now_us() + s->latency_us, c->fd};
    }
}

static void send_due(struct server *s)
{
    while (s->count && s->queue[s->first].at <= now_us()) {
        int fd = s->queue[s->first].fd;
        s->first = (s->first + 1) % CONNECTIONS;
        s->count--;
        if (s->by_fd[fd] && write(fd, s->reply, s->reply_len) != (ssize_t)s->reply_len)
            drop(s, s->by_fd[fd]);
    }
}

static int open_listener(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return -1;
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static void serve(struct server *s)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int64_t wait = s->count ? s->queue[s->first].at - now_us() : 1000000;
        struct timespec t = {0, wait > 0 ? (long)(wait > 999999 ? 999999 : wait) * 1000 : 0};
        int n = epoll_pwait2(s->epoll, events, EVENTS, &t, NULL);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == 0)
                return;
            if (fd == s->listener)
                add_connection(s);
            else if (s->by_fd[fd])
                read_requests(s, s->by_fd[fd]);
        }
        send_due(s);
    }
}

int main(int argc, char **argv)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return 1;
    s->latency_us = (argc > 1 ? atoi(argv[1]) : 50) * 1000LL;
    make_reply(s);
    s->listener = open_listener();
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->listener < 0)
        return 1;
    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = s->listener});
    epoll_ctl(s->epoll, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.fd = 0});
    serve(s);
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    fprintf(stderr, "%.3f\n", (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
    return 0;
}
