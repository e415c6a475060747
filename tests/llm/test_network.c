/* The ways to a server: HTTP/2, proxies, as many requests in flight as an endpoint may have. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/llm/asking.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static pid_t start(char *const *args)
{
    pid_t child = fork();
    if (child == 0) {
        execvp(args[0], args);
        _exit(127);
    }
    return child;
}

static void stop(pid_t child)
{
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Lines of the file that hold words. */
static int lines_with(const char *path, const char *words)
{
    struct str text = {0};
    int n = 0;
    if (file_read(path, 1 << 20, &text, NULL) == 0)
        for (const char *at = str_z(&text); (at = strstr(at, words)); n++)
            at += strcspn(at, "\n");
    str_free(&text);
    return n;
}

static void all_answered(const struct endpoint *e, int n)
{
    struct llm_answer a[256] = {0};
    ask_many(e, NULL, n, a);
    for (int i = 0; i < n; i++) {
        if (a[i].outcome != LLM_OK)
            printf("\n%s\n", a[i].error.text);
        CU_ASSERT_EQUAL(a[i].outcome, LLM_OK);
        check_discreet(&a[i]);
        llm_answer_free(&a[i]);
    }
}

static void has_256_in_flight(void)
{
    static const char *const options[] = {"--latency", "4000", NULL};
    struct server *s = server_start("openai", NULL, options);
    struct endpoint e = endpoint_at(s, "openai");
    e.parallel = 256;
    all_answered(&e, 256);
    CU_ASSERT_EQUAL(server_count(s, "in_flight_most"), 256);
    CU_ASSERT_EQUAL(server_count(s, "paid"), 256);
    server_stop(s);
}

/* A port that nobody listens at. */
static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    close(fd);
    return ntohs(a.sin_port);
}

static bool listens(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)port)};
    for (int ms = 0; ms < 10000; ms += 20) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int result = connect(fd, (struct sockaddr *)&a, sizeof a);
        close(fd);
        if (result == 0)
            return true;
        usleep(20000);
    }
    return false;
}

/* A certificate for 127.0.0.1 and models.invalid as DIR/cert and DIR/key. */
static bool certify(const char *dir)
{
    return shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=stand-in -addext "
                 "subjectAltName=IP:127.0.0.1,DNS:models.invalid -keyout \"$dir/key\" -out \"$dir/cert\" 2>/dev/null", dir);
}

/* nghttpx, a server of HTTP/2 that nobody here wrote, before the stand-in. Its log has the protocol of each request
 * and the port it came from. 0 when it is not installed. */
static pid_t start_http2(const struct server *s, const char *dir, int port)
{
    char front[64], back[64], log[256];
    if (!shell("command -v nghttpx >/dev/null", dir) || !certify(dir))
        return 0;
    snprintf(front, sizeof front, "--frontend=127.0.0.1,%d", port);
    snprintf(back, sizeof back, "--backend=127.0.0.1,%d", server_port(s));
    snprintf(log, sizeof log, "--accesslog-file=%s", tmp_join(dir, "log"));
    char key[256], cert[256];
    snprintf(key, sizeof key, "%s", tmp_join(dir, "key"));
    snprintf(cert, sizeof cert, "%s", tmp_join(dir, "cert"));
    char *const args[] = {"nghttpx", front, back, log, "--accesslog-format=port$remote_port $request", "--workers=1",
                          "--conf=/dev/null", "--errorlog-file=/dev/null", "--log-level=FATAL", key, cert, NULL};
    pid_t child = start(args);
    CU_ASSERT_FATAL(listens(port));
    return child;
}

static void streams_share_a_connection(void)
{
    static const char *const options[] = {"--latency", "100", NULL};
    enum { N = 64 };
    char *dir = tmp_make();
    struct server *s = server_start("openai", NULL, options);
    int port = free_port();
    pid_t front = start_http2(s, dir, port);
    if (!front) {
        printf("(skipped: no nghttpx or openssl) ");
    } else {
        struct endpoint e = endpoint_at(s, "openai");
        char url[96];
        snprintf(url, sizeof url, "https://127.0.0.1:%d/v1", port);
        e.base_url = url;
        e.ca_file = tmp_join(dir, "cert");
        e.parallel = 32;
        all_answered(&e, N);
        CU_ASSERT_EQUAL(server_count(s, "paid"), N);
        CU_ASSERT_EQUAL(lines_with(tmp_join(dir, "log"), "HTTP/2"), N);
        CU_ASSERT(shell("[ \"$(cut -d' ' -f1 \"$dir/log\" | sort -u | wc -l)\" = 1 ]", dir));
        stop(front);
    }
    server_stop(s);
    tmp_remove(dir);
}

static pid_t start_proxy(const char *dir, int to, char url[96], const char *password)
{
    char program[256], port_file[256], log[256], target[16];
    const char *top = getenv("srcdir");
    snprintf(program, sizeof program, "%s/tests/servers/proxy", top ? top : ".");
    snprintf(port_file, sizeof port_file, "%s", tmp_join(dir, "port"));
    snprintf(log, sizeof log, "%s", tmp_join(dir, "proxy-log"));
    snprintf(target, sizeof target, "%d", to);
    char word[64];
    snprintf(word, sizeof word, "%s", password ? password : "");
    char *const args[] = {"python3", program, "--port-file", port_file, "--to", target, "--log", log,
                          password ? "--password" : NULL, word, NULL};
    pid_t child = start(args);
    struct str text = {0};
    for (int ms = 0; ms < 10000 && !text.len; ms += 20) {
        usleep(20000);
        if (file_exists(port_file))
            file_read(port_file, 100, &text, NULL);
    }
    CU_ASSERT_FATAL(text.len > 0);
    snprintf(url, 96, "http://%s127.0.0.1:%d", password ? "nurse:hush@" : "", atoi(str_z(&text)));
    str_free(&text);
    return child;
}

/* The server's name is known to the proxy alone. */
static void a_proxy_leads_there(void)
{
    char *dir = tmp_make(), proxy[96];
    struct server *s = server_start("openai", NULL, NULL);
    pid_t child = start_proxy(dir, server_port(s), proxy, "nurse:hush");
    struct endpoint e = endpoint_at(s, "openai");
    e.base_url = "http://models.invalid/v1";
    e.plain_http = true;
    e.proxy = proxy;
    all_answered(&e, 3);
    CU_ASSERT_EQUAL(lines_with(tmp_join(dir, "proxy-log"), "POST http://models.invalid/v1/chat/completions"), 3);
    CU_ASSERT_EQUAL(server_count(s, "paid"), 3);
    char stranger[96];
    snprintf(stranger, sizeof stranger, "http://%s", strchr(proxy, '@') + 1);
    e.proxy = stranger;
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT_EQUAL(a.outcome, LLM_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.error.text, "the proxy wants a name"));
    CU_ASSERT_PTR_NULL(strstr(a.error.text, "hush"));
    check_discreet(&a);
    llm_answer_free(&a);
    stop(child);
    server_stop(s);
    tmp_remove(dir);
}

/* Through a tunnel the server still proves who it is, and the proxy sees neither key nor question. */
static void a_tunnel_is_verified(void)
{
    char *dir = tmp_make(), proxy[96];
    if (!certify(dir)) {
        printf("(skipped: no openssl) ");
        tmp_remove(dir);
        return;
    }
    char cert[256], key[256];
    snprintf(cert, sizeof cert, "%s", tmp_join(dir, "cert"));
    snprintf(key, sizeof key, "%s", tmp_join(dir, "key"));
    const char *const options[] = {"--tls", cert, key, NULL};
    struct server *s = server_start("openai", NULL, options);
    pid_t child = start_proxy(dir, server_port(s), proxy, "nurse:hush");
    struct endpoint e = endpoint_at(s, "openai");
    e.base_url = "https://models.invalid/v1";
    e.proxy = proxy;
    e.ca_file = cert;
    all_answered(&e, 2);
    CU_ASSERT(lines_with(tmp_join(dir, "proxy-log"), "CONNECT models.invalid:443") >= 1);
    CU_ASSERT_EQUAL(lines_with(tmp_join(dir, "proxy-log"), "POST"), 0);
    e.base_url = "https://elsewhere.invalid/v1";
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT_EQUAL(a.outcome, LLM_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.error.text, "could not prove who it is"));
    llm_answer_free(&a);
    char stranger[96];
    snprintf(stranger, sizeof stranger, "http://%s", strchr(proxy, '@') + 1);
    e.proxy = stranger;
    struct llm_answer b = ask(&e, NULL);
    CU_ASSERT_EQUAL(b.attempts, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.error.text, "(HTTP 407): set proxy to"));
    llm_answer_free(&b);
    stop(child);
    server_stop(s);
    tmp_remove(dir);
}

static void a_dead_proxy_is_said(void)
{
    char proxy[96];
    struct server *s = server_start("openai", NULL, NULL);
    struct endpoint e = endpoint_at(s, "openai");
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", free_port());
    e.base_url = "http://models.invalid/v1";
    e.plain_http = true;
    e.proxy = proxy;
    e.retries = 0;
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT_EQUAL(a.outcome, LLM_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.error.text, "proxy"));
    llm_answer_free(&a);
    server_stop(s);
}

static const struct test tests[] = {
    {"256 in flight", has_256_in_flight},
    {"streams share a connection", streams_share_a_connection},
    {"a proxy leads there", a_proxy_leads_there},
    {"a tunnel is verified", a_tunnel_is_verified},
    {"a dead proxy is said", a_dead_proxy_is_said},
    {0},
};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    return suite_run("llm network", tests, argc, argv);
}
