/* Word_Break classes (UAX #29, table 3), derived from the general categories of unicode.c, with a
 * table of what the categories do not tell. */
#include "text/unicode.h"

/* Letters by category that are not ALetter: one cluster is one word. */
static const struct {
    uint32_t from, to;
} alone[] = {
    {0x0E00, 0x0E4F},   {0x0E5A, 0x0ECF},   {0x0EDA, 0x0EFF},   /* Thai, Lao */
    {0x1000, 0x103F},   {0x104A, 0x108F},   {0x109A, 0x109F},   /* Myanmar */
    {0x1780, 0x17DF},   {0x1950, 0x19CF},   {0x19DA, 0x19FF},   /* Khmer, Tai Le, New Tai Lue */
    {0x1A20, 0x1A7F},   {0x1AA0, 0x1AAF},                       /* Tai Tham */
    {0x2E80, 0x2FDF},   {0x3005, 0x3007},   {0x3021, 0x3029},   /* Han */
    {0x3031, 0x3035},   {0x3038, 0x303B},   {0x3041, 0x30FF},   /* Han, kana */
    {0x31F0, 0x31FF},   {0x32D0, 0x32FE},   {0x3300, 0x3357},   /* kana */
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA9E0, 0xA9EF},   /* Han, Myanmar */
    {0xA9FA, 0xA9FF},   {0xAA60, 0xAADF},   {0xF900, 0xFAFF},   /* Myanmar, Tai Viet, Han */
    {0xFF66, 0xFF9F},   {0x16FE0, 0x18CFF}, {0x18D00, 0x18D08}, /* kana, Tangut, Khitan */
    {0x1AFF0, 0x1B2FF}, {0x20000, 0x3FFFF},                     /* kana, Nushu, Han */
};

static bool stands_alone(uint32_t c)
{
    if (c < alone[0].from)
        return false;
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (c >= alone[i].from && c <= alone[i].to)
            return true;
    return false;
}

static enum unicode_word middle(uint32_t c)
{
    switch (c) {
    case 0x00B7: case 0x0387: case 0x055F: case 0x05F4: case 0x2027:
        return UNICODE_WORD_MID_LETTER;
    case ',': case ';': case 0x037E: case 0x0589: case 0x060C: case 0x060D: case 0x066C:
    case 0x07F8: case 0x2044: case 0xFE10: case 0xFE14: case 0xFE50: case 0xFE54: case 0xFF0C:
    case 0xFF1B: return UNICODE_WORD_MID_NUMBER;
    case '\'': case '.': case 0x2018: case 0x2019: case 0x2024: case 0xFE52: case 0xFF07:
    case 0xFF0E: return UNICODE_WORD_MID_BOTH;
    default: return UNICODE_WORD_OTHER;
    }
}

/* Letters whose category is a number's or a symbol's. */
static bool is_letter_number(uint32_t c)
{
    return (c >= 0x2160 && c <= 0x2188) || (c >= 0x24B6 && c <= 0x24E9) ||
           (c >= 0x1F130 && c <= 0x1F149);
}

static bool is_joiner(uint32_t c)
{
    return c == '_' || c == 0x203F || c == 0x2040 || c == 0x2054 || c == 0xFE33 || c == 0xFE34 ||
           (c >= 0xFE4D && c <= 0xFE4F) || c == 0xFF3F;
}

static enum unicode_word ascii_class(uint32_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return UNICODE_WORD_LETTER;
    if (c >= '0' && c <= '9')
        return UNICODE_WORD_NUMERIC;
    if (c == ' ' || c == '\t')
        return UNICODE_WORD_SPACE;
    if (unicode_is_line_end(c))
        return UNICODE_WORD_LINE;
    return c == '_' ? UNICODE_WORD_JOINER : middle(c);
}

enum unicode_word unicode_word_class(uint32_t c)
{
    if (c < 0x80)
        return ascii_class(c);
    if (c > 0x10FFFF)
        return UNICODE_WORD_OTHER;
    if (unicode_is_line_end(c))
        return UNICODE_WORD_LINE;
    if (unicode_is_space(c))
        return UNICODE_WORD_SPACE;
    if (stands_alone(c))
        return UNICODE_WORD_OTHER;
    if (unicode_is_letter(c) || is_letter_number(c))
        return middle(c) == UNICODE_WORD_OTHER ? UNICODE_WORD_LETTER : middle(c);
    if (unicode_is_decimal(c) || c == 0x066B)
        return UNICODE_WORD_NUMERIC;
    if (is_joiner(c))
        return UNICODE_WORD_JOINER;
    if (unicode_is_invisible(c) && c != 0x200B)
        return UNICODE_WORD_INVISIBLE;
    return middle(c);
}
