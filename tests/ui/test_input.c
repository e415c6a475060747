/* Bytes into keys: whole sequences, sequences cut by a slow line, answers nobody asked for, pastes. */
#include "ui/term/input.h"

#include <string.h>

#include "base/utf8.h"
#include "tests/support/suite.h"
#include "ui/keys/keymap.h"
#include "ui/workbench.h"

static struct input in;
static struct str seen;
static int64_t now;

/* Takes every event that is due: keys by name, pastes in braces, set apart by blanks. */
static void take(void)
{
    struct event e;
    while (input_next(&in, now, &e)) {
        if (seen.len)
            str_addc(&seen, ' ');
        if (e.kind == EVENT_PASTE)
            str_addf(&seen, "{%.*s}", (int)e.text.len, e.text.at);
        else
            str_adds(&seen, e.key);
    }
}

static void start(void)
{
    input_free(&in);
    str_free(&seen);
    now = 1000;
}

static void feed(const char *bytes, size_t len)
{
    input_feed(&in, bytes, len, now);
    take();
}

#define FEED(text) feed("" text, sizeof(text) - 1)

/* Lets time pass as the loop does: no longer at once than the decoder asks for. */
static void pass(int ms)
{
    for (int64_t end = now + ms; now < end; take()) {
        int wait = input_wait_ms(&in, now);
        now = wait < 0 || now + wait > end ? end : now + (wait ? wait : 1);
    }
}

static void expect(const char *want)
{
    if (strcmp(str_z(&seen), want) != 0)
        fprintf(stderr, "\n  want %s\n  got  %s\n", want, str_z(&seen));
    CU_ASSERT_STRING_EQUAL(str_z(&seen), want);
    start();
}

static void test_letters(void)
{
    start();
    FEED("j G\xC3\xA9\xE6\xBC\xA2");
    expect("j Space G \xC3\xA9 \xE6\xBC\xA2");
    FEED("\r\t\x04\x7F\x08\x12\x1A");
    expect("Enter Tab Ctrl-d Backspace Backspace Ctrl-r Ctrl-z");
    FEED("\xE6\xBC"); /* cut inside a character */
    CU_ASSERT_EQUAL(seen.len, 0);
    pass(400);
    FEED("\xA2" "a");
    expect("\xE6\xBC\xA2 a");
    FEED("\xFF\xC2\x9B" "A\xC0\x80\xC3\x28" "\x85" "b");
    expect("A ( b"); /* C1 controls and broken bytes are no keys */
    FEED("\x9B" "A\x8FP\x9D" "11;x\x07\x90qq\x1B\\j");
    expect("Up F1 j"); /* eight-bit controls begin sequences */
}

static void test_sequences(void)
{
    start();
    FEED("\x1B[A\x1BOB\x1B[1;5C\x1B[5~\x1B[6~\x1B[H\x1BOF\x1B[Z\x1B[3~");
    expect("Up Down Ctrl-Right PgUp PgDn Home End Shift-Tab Delete");
    FEED("\x1BOP\x1B[15~\x1B[[A\x1B[24~\x1B[1;2P\x1B[3;5~");
    expect("F1 F5 F1 F12 Shift-F1 Ctrl-Delete");
    FEED("\x1B[97;5u\x1B[27;5;105~\x1B[13;2u\x1B" "b\x1B\r");
    expect("Ctrl-a Ctrl-i Shift-Enter Alt-b Alt-Enter");
}

/* Every key that has a word for a name can be pressed, under that name. */
static void test_names(void)
{
    static const char *const sequences[] = {
        "\x1B[A", "\x1B[B", "\x1B[C", "\x1B[D", "\x1B[H", "\x1B[F", "\x1B[5~", "\x1B[6~", "\x1B[2~", "\x1B[3~",
        "\t", "\x1B[Z", "\r", "\x7F", " ", "\x1BOP", "\x1BOQ", "\x1BOR", "\x1BOS", "\x1B[15~", "\x1B[17~",
        "\x1B[18~", "\x1B[19~", "\x1B[20~", "\x1B[21~", "\x1B[23~", "\x1B[24~", "\x1B[1;5D", "\x1B" "b",
        "\x1B\x7F", "\x1B<", "\x1F", "\x01", "\x18", NULL};
    start();
    for (size_t i = 0; sequences[i]; i++) {
        feed(sequences[i], strlen(sequences[i]));
        CU_ASSERT(key_name_ok(str_z(&seen)));
        if (!key_name_ok(str_z(&seen)))
            fprintf(stderr, "\n  no name of a key: %s\n", str_z(&seen));
        str_clear(&seen);
    }
    for (size_t i = 0; sequences[i]; i++)
        feed(sequences[i], strlen(sequences[i]));
    str_addc(&seen, ' ');
    pass(100);
    for (size_t i = 0; workbench_binding(i); i++) { /* no row waits for a key that cannot come */
        char keys[200];
        snprintf(keys, sizeof keys, "%s", workbench_binding(i)->keys);
        for (char *k = strtok(keys, " "); k; k = strtok(NULL, " ")) {
            bool plain = strlen(k) <= 4 && strchr(k, '-') == NULL && utf8_count(slice_of(k)) == 1;
            bool made = plain || strncmp(k, "Ctrl-", 5) == 0 || strncmp(k, "Alt-", 4) == 0 ||
                        strcmp(k, "Esc") == 0 || strstr(str_z(&seen), k) != NULL;
            if (!made)
                fprintf(stderr, "\n  cannot be pressed: %s\n", k);
            CU_ASSERT(made);
        }
    }
    start();
}

static void test_escape(void)
{
    start();
    FEED("\x1B");
    CU_ASSERT_EQUAL(seen.len, 0);
    CU_ASSERT(input_wait_ms(&in, now) <= 60); /* Esc is not sluggish */
    pass(60);
    expect("Esc");
    FEED("\x1B\x1B");
    pass(60);
    expect("Esc Esc");
    FEED("\x1B\x1B[A");
    expect("Esc Up");
    FEED("\x1B");
    pass(100);
    FEED("["); /* a key that looks like the rest of one */
    pass(LATE_MS + 50);
    expect("Esc [");
    FEED("\x1B");
    pass(100);
    FEED("[");
    pass(50);
    FEED("q"); /* no sequence has a small letter so early */
    expect("Esc [ q");
    FEED("\x1B");
    pass(LATE_MS + 100);
    FEED("[A");
    expect("Esc [ A"); /* long after: keys again */
}

/* An arrow, byte by byte: Esc may be seen, nothing else. */
static void cut(const char *sequence, int ms)
{
    for (const char *p = sequence; *p; p++) {
        feed(p, 1);
        pass(ms);
    }
    pass(3000);
}

static void test_cut_sequences(void)
{
    static const int gaps[] = {60, 300, 1200};
    for (size_t i = 0; i < 3; i++) {
        start();
        cut("\x1B[A", gaps[i]);
        expect("Esc");
        cut("\x1BOB", gaps[i]);
        expect("Esc");
        cut("\x1B[6~", gaps[i]);
        expect("Esc");
        cut("\x1B[1;5D", gaps[i]);
        expect("Esc");
        FEED("\x1B[");
        pass(gaps[i]);
        FEED("A");
        expect("Up"); /* cut behind the bracket nothing is lost */
    }
    start();
    cut("\x1B[A", 20);
    expect("Up");
}

static void test_answers(void)
{
    start();
    FEED("\x1B[?62;22c\x1B[0n\x1B[24;80R\x1B[>41;354;0c\x1B[?2026;2$y\x1B[8;24;80t\x1B[I\x1B[O");
    FEED("\x1B]11;rgb:0000/0000/0000\x07\x1B]4;1;rgb:ff/00/00\x1B\\");
    FEED("\x1BP1$r0m\x1B\\\x1BP>|xterm(370)\x1B\\\x1B_Gi=1;OK\x1B\\");
    FEED("\x1B[<0;10;5M\x1B[<0;10;5m\x1B[M !!\x1B[?1;2c");
    FEED("j");
    expect("j");
    FEED("\x1B]11;rgb:00"); /* an answer cut in two */
    pass(700);
    FEED("00/0000/0000\x1B");
    pass(100);
    FEED("\\k");
    expect("k");
    FEED("\x1B");
    pass(300);
    FEED("]11;rgb:aaaa/bbbb/qqqq\x07j"); /* cut behind its Esc */
    expect("Esc j");
    FEED("\x1B[999;888;777;666X\x1B[12345678901234567890123456789012345678901234567890"
         "12345678901234567890123456789~\x1B[1;99A\x1B#8\x1B(B\x1B%Ga");
    FEED("\x1B(");
    pass(100);
    FEED("b");
    pass(2000);
    FEED("x");
    expect("a b x");
}

static void test_paste(void)
{
    start();
    FEED("\x1B[200~qaaa\rx\x1B[A\x03\x1B[201~j");
    expect("{qaaa\nx[A} j");
    FEED("\x1B[200~one\r\ntwo\xFF\x1B[20");
    CU_ASSERT_EQUAL(seen.len, 0);
    pass(5000); /* the rest may take its time */
    FEED("1~");
    expect("{one\ntwo\xEF\xBF\xBD}");
    FEED("\x1B");
    pass(300);
    FEED("[200~aaxx\x1B[201~");
    expect("Esc {aaxx}");
    in.burst_pastes = true;
    FEED("accept all of these, quit now\rq");
    expect("{accept all of these, quit now\nq}");
    in.burst_pastes = true;
    FEED("jjjjjjjjjjjjjjjjjjjjjj");
    CU_ASSERT(slice_starts(str_slice(&seen), "j j j j"));
    start();
}

/* Any bytes in any pieces: names are valid, the machine comes to rest. */
static void test_any_bytes(void)
{
    start();
    unsigned seed = 11;
    for (int round = 0; round < 20000; round++) {
        char bytes[8];
        seed = seed * 1103515245u + 12345u;
        size_t n = seed >> 16 & 7;
        for (size_t i = 0; i < n; i++) {
            static const char often[] = "\x1B[O~;0A]P\\\x07";
            seed = seed * 1103515245u + 12345u;
            unsigned pick = seed >> 16 & 31;
            bytes[i] = pick < sizeof often - 1 ? often[pick] : (char)(seed >> 20);
        }
        input_feed(&in, bytes, n, now);
        struct event e;
        while (input_next(&in, now, &e)) {
            CU_ASSERT(e.kind != EVENT_KEY || e.key[0]);
            CU_ASSERT(utf8_valid(slice_of(e.key)));
            CU_ASSERT(utf8_valid(e.text));
        }
        now += seed >> 18 & 127;
    }
    FEED("\x1B[201~");
    pass(5000);
    str_clear(&seen);
    pass(5000);
    FEED("z");
    CU_ASSERT(seen.len > 0);
    start();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"letters and controls", test_letters},
        {"keys that are sequences", test_sequences},
        {"names of keys", test_names},
        {"Esc is quick, and what follows it is told from a cut key", test_escape},
        {"a key cut by a slow line runs nothing", test_cut_sequences},
        {"answers of the terminal and unknown sequences are swallowed", test_answers},
        {"what is pasted is one event", test_paste},
        {"any bytes in any pieces", test_any_bytes},
        {NULL, NULL},
    };
    int result = suite_run("input", tests, argc, argv);
    input_free(&in);
    str_free(&seen);
    return result;
}
