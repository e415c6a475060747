#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "pipeline/csv.h"
#include "pipeline/reader.h"
#include "pipeline/strategy.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static void print_answers(struct str *out, const struct answers *answers)
{
    static const char *const kinds[] = {"accept", "reject", "skip"};
    for (size_t i = 0; i < answers->count; i++) {
        const struct answer *a = &answers->items[i];
        str_addf(out, "  %s by %s: %s %s\n", kinds[a->kind], str_z(&a->reviewer),
                 str_z(&a->mistake), str_z(&a->guardrail));
    }
}

/* Everything that reader says, one line an item. */
static void print_all(struct str *out, struct reader *r)
{
    struct error err = {0};
    enum source_result result = SOURCE_ITEM;
    while (result == SOURCE_ITEM || result == SOURCE_REFUSED) {
        struct record rec = {0};
        result = reader_next(r, &rec, &err);
        if (result == SOURCE_ITEM) {
            str_addf(out, "%d ", (int)reader_line(r));
            record_print(out, &rec);
            str_addc(out, '\n');
            print_answers(out, reader_answers(r));
        } else if (result != SOURCE_END) {
            str_addf(out, "%d %s: %s\n", (int)reader_line(r),
                     result == SOURCE_REFUSED ? "refused" : "failed", err.text);
        }
        record_free(&rec);
    }
    str_addf(out, "%s\n", reader_format(r) ? reader_format(r)->name : "none");
}

static const char *data_path(const char *name)
{
    const char *srcdir = getenv("srcdir");
    return tmp_join(tmp_join(srcdir ? srcdir : ".", "tests/pipeline/data"), name);
}

static void check_file(const char *name)
{
    struct str got = {0}, wanted = {0};
    struct error err = {0};
    char golden[64];
    struct reader *r = reader_open(data_path(name), NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    print_all(&got, r);
    reader_close(r);
    snprintf(golden, sizeof golden, "%s.golden", name);
    CU_ASSERT_EQUAL(file_read(data_path(golden), 1 << 20, &wanted, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&got), str_z(&wanted));
    if (strcmp(str_z(&got), str_z(&wanted)) != 0)
        printf("\n%s gives\n%s", name, str_z(&got));
    str_free(&got);
    str_free(&wanted);
}

static void formats_are_told_and_read(void)
{
    static const char *const names[] = {"argilla.json", "argilla-flat.jsonl", "labelstudio.json",
                                        "prodigy.jsonl", "chat.jsonl", "sheet.csv", "hostile.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_file(names[i]);
}

static void check_text(const char *text, const char *format, const char *wanted)
{
    struct error err = {0};
    struct str got = {0};
    struct reader *r = reader_of(slice_of(text), format ? format_find(format) : NULL, &err);
    if (r)
        print_all(&got, r);
    else
        str_addf(&got, "cannot: %s", err.text);
    CU_ASSERT_STRING_EQUAL(str_z(&got), wanted);
    if (strcmp(str_z(&got), wanted) != 0)
        printf("\n%s\ngives %s", text, str_z(&got));
    reader_close(r);
    str_free(&got);
}

static void odd_files_get_a_plain_answer(void)
{
    check_text("", NULL, "none\n");
    check_text(" \n\n", NULL, "none\n");
    check_text("[]", NULL, "none\n");
    check_text("[ ] x", "hinge", "0 failed: line 1: the list is cut short or not well formed here\n"
                                 "hinge\n");
    check_text("[{\"id\":\"a\",\"y0\":\"b\"}", NULL,
               "1 {\"id\":\"a\",\"y0\":\"b\"}\n"
               "1 failed: line 1: the list is cut short or not well formed here\nhinge\n");
    check_text("[{\"id\":\"a\",\"y0\":\"b\"}\n{", NULL,
               "1 {\"id\":\"a\",\"y0\":\"b\"}\n"
               "1 failed: line 2: the list is cut short or not well formed here\nhinge\n");
    check_text("\xFF\xFE" "a", NULL, "cannot: is UTF-16; save it as UTF-8");
    check_text("{\"a\":1}", NULL,
               "1 failed: its first item is of no format known here; --format names one\nnone\n");
    check_text("a,b\n1,2\n", NULL,
               "2 failed: is read as CSV, but its header row names no column for a prompt or an "
               "output (prompt, y0, input, output, ...)\nnone\n");
    check_text("nonsense\n{\"id\":\"a\",\"y0\":\"b\"}", "hinge",
               "1 refused: not valid JSON at byte 1\n2 {\"id\":\"a\",\"y0\":\"b\"}\nhinge\n");
    check_text("id;y0\na;\"x;y\"\n", NULL, "2 {\"id\":\"a\",\"y0\":\"x;y\"}\ncsv\n");
    check_text("id\ty0\ttask\na\tb\t\n", NULL, "2 {\"id\":\"a\",\"y0\":\"b\"}\ncsv\n");
}

/* A list larger than any window, with elements of very different sizes, pretty printed. */
static void one_huge_list_streams(void)
{
    char *dir = tmp_make();
    FILE *f = fopen(tmp_join(dir, "list.json"), "w");
    fputs("[\n", f);
    for (int i = 0; i < 3000; i++) {
        fprintf(f, "%s  {\n    \"id\": \"r%d\",\n    \"y0\": \"", i ? ",\n" : "", i);
        for (int n = i % 100 == 99 ? 300000 : i % 700; n > 0; n--)
            fputc("a]}[{,:"[n % 7], f);
        fputs("\"\n  }", f);
    }
    fputs("\n]\n", f);
    fclose(f);
    struct error err = {0};
    struct reader *r = reader_open(tmp_join(dir, "list.json"), NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    int count = 0;
    enum source_result result;
    for (;; count++) {
        struct record rec = {0};
        char id[16];
        result = reader_next(r, &rec, &err);
        snprintf(id, sizeof id, "r%d", count);
        size_t len = count % 100 == 99 ? 300000 : (size_t)(count % 700);
        if (result == SOURCE_ITEM && (strcmp(rec.id, id) != 0 || strlen(rec.y0) != len))
            CU_FAIL("an element was read wrongly");
        if (result == SOURCE_ITEM && reader_line(r) != (uint64_t)count * 4 + 2)
            CU_FAIL("a line number is wrong");
        record_free(&rec);
        if (result != SOURCE_ITEM)
            break;
    }
    CU_ASSERT_EQUAL(result, SOURCE_END);
    CU_ASSERT_EQUAL(count, 3000);
    reader_close(r);
    tmp_remove(dir);
}

static void a_line_too_long_is_passed_over(void)
{
    char *dir = tmp_make();
    FILE *f = fopen(tmp_join(dir, "long.jsonl"), "w");
    fputs("{\"id\":\"a\",\"y0\":\"b\"}\n{\"id\":\"long\",\"y0\":\"", f);
    for (int i = 0; i < SOURCE_ITEM_MAX + 10; i++)
        fputc('x', f);
    fputs("\"}\n{\"id\":\"c\",\"y0\":\"d\"}\n", f);
    fclose(f);
    struct error err = {0};
    struct str got = {0};
    struct reader *r = reader_open(tmp_join(dir, "long.jsonl"), NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    print_all(&got, r);
    CU_ASSERT_STRING_EQUAL(str_z(&got), "1 {\"id\":\"a\",\"y0\":\"b\"}\n"
                                        "2 refused: the line is longer than 16 MiB\n"
                                        "3 {\"id\":\"c\",\"y0\":\"d\"}\nhinge\n");
    str_free(&got);
    reader_close(r);
    tmp_remove(dir);
}

/* Quotes a field the way spreadsheets do. */
static void csv_print(struct str *out, struct slice field)
{
    str_addc(out, '"');
    for (size_t i = 0; i < field.len; i++) {
        if (field.at[i] == '"')
            str_addc(out, '"');
        str_addc(out, field.at[i]);
    }
    str_addc(out, '"');
}

static void csv_rows_come_back(void)
{
    static const char alphabet[] = "ab,;\"\r\n\t ";
    unsigned seed = 7;
    for (int round = 0; round < 5000; round++) {
        struct str text = {0}, fields[5] = {{0}};
        struct csv_row row = {0};
        size_t used, n = 1 + (size_t)round % 5;
        for (size_t i = 0; i < n; i++) {
            for (int len = (int)((seed = seed * 1103515245 + 12345) >> 16) % 6; len > 0; len--)
                str_addc(&fields[i],
                         alphabet[((seed = seed * 1103515245 + 12345) >> 16) % 9]);
            str_adds(&text, i ? "," : "");
            csv_print(&text, str_slice(&fields[i]));
        }
        str_adds(&text, "\r\nnext");
        CU_ASSERT_EQUAL_FATAL(csv_read(&row, str_slice(&text), false, ',', &used), CSV_ROW);
        bool same = row.count == n && used == text.len - 4;
        for (size_t i = 0; i < n && same; i++)
            same = slice_eq(csv_field(&row, i), str_slice(&fields[i]));
        for (size_t cut = 0; cut < used && same; cut++)
            same = csv_read(&row, slice_sub(str_slice(&text), 0, cut), false, ',', &used) ==
                   CSV_MORE;
        if (!same)
            CU_FAIL("a row does not come back");
        for (size_t i = 0; i < n; i++)
            str_free(&fields[i]);
        str_free(&text);
        csv_row_free(&row);
    }
}

static void check_strategy(const struct rule_text *rules, size_t count, const char *wanted)
{
    struct str out = {0};
    strategy_print(&out, rules, count);
    CU_ASSERT_STRING_EQUAL(str_z(&out), wanted);
    str_free(&out);
}

static void strategies_are_made_of_rules(void)
{
    struct rule_text one[] = {{"Inferred diagnosis from medication",
                               "Only include explicitly stated diagnoses"}};
    struct rule_text many[] = {{"a", "g"}, {" a\n b ", "g"}, {NULL, "h"}, {"a", NULL}};
    struct rule_text hostile[] = {{"x</think>y", "<thi<think>nk>\n</THINK>"}};
    check_strategy(one, 1, "Mistakes to avoid:\n- Inferred diagnosis from medication\n"
                           "Guardrails:\n- Only include explicitly stated diagnoses");
    check_strategy(many, 4, "Mistakes to avoid:\n- a\n- a b\nGuardrails:\n- g\n- h");
    check_strategy(many + 2, 1, "Guardrails:\n- h");
    check_strategy(many, 0, "");
    check_strategy(hostile, 1, "Mistakes to avoid:\n- xy");
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"formats are told and read", formats_are_told_and_read},
        {"odd files get a plain answer", odd_files_get_a_plain_answer},
        {"one huge list streams", one_huge_list_streams},
        {"a line too long is passed over", a_line_too_long_is_passed_over},
        {"csv rows come back", csv_rows_come_back},
        {"strategies are made of rules", strategies_are_made_of_rules},
        {NULL, NULL},
    };
    return suite_run("formats", tests, argc, argv);
}
