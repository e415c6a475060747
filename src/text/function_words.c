#include "text/function_words.h"

#include "base/utf8.h"
#include "text/unicode.h"

/* Sorted by bytes, in lower case. */
static const char *const words[] = {
    "a", "about", "after", "again", "al", "all", "als", "also", "although", "am", "an", "and",
    "any", "are", "as", "at", "au", "auch", "auf", "aux", "avec", "be", "because", "been",
    "before", "being", "both", "but", "by", "can", "ce", "cette", "che", "com", "con", "could",
    "da", "dans", "das", "del", "della", "dem", "den", "der", "des", "di", "did", "die", "do",
    "does", "doing", "du", "during", "e", "each", "ein", "eine", "einem", "einen", "einer",
    "either", "el", "else", "em", "en", "es", "est", "et", "for", "from", "further", "für",
    "gli", "had", "has", "have", "having", "he", "he's", "her", "here", "hers", "herself", "him",
    "himself", "his", "how", "i", "i'm", "i've", "if", "il", "im", "in", "into", "is", "ist",
    "it", "it's", "its", "itself", "just", "la", "las", "le", "les", "lo", "los", "may", "me",
    "might", "mit", "more", "most", "must", "my", "na", "o", "oder", "of", "off", "on", "once",
    "only", "or", "os", "other", "ou", "our", "ours", "out", "over", "own", "par", "para", "per",
    "por", "pour", "que", "qui", "se", "shall", "she", "she's", "should", "sind", "so", "some",
    "son", "sont", "su", "such", "sur", "than", "that", "that's", "the", "their", "theirs",
    "them", "then", "there", "there's", "these", "they", "they're", "they've", "this", "those",
    "through", "thus", "to", "too", "um", "uma", "un", "una", "und", "under", "une", "until",
    "up", "upon", "us", "very", "via", "von", "war", "was", "we", "we've", "were", "what",
    "when", "where", "which", "while", "who", "whom", "whose", "why", "wie", "will", "with",
    "within", "would", "y", "yet", "you", "you're", "your", "yours", "zu", "а", "або", "але",
    "в", "від", "до", "же", "з", "за", "и", "из", "или", "й", "к", "как", "на", "но", "о", "от",
    "по", "про", "с", "та", "у", "це", "что", "що", "это", "як", "і",
};

enum { LONGEST = 16 };

/* Lower-cases word into out; false when it is longer than any word here. */
static bool lower(struct slice word, char out[LONGEST + 4], size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < word.len;) {
        uint32_t c;
        i += utf8_decode(word.at + i, word.len - i, &c);
        if (c == UTF8_BAD || *len >= LONGEST)
            return false;
        c = c == 0x2019 ? '\'' : unicode_lower(c);
        *len += utf8_encode(c, out + *len);
    }
    return true;
}

bool is_function_word(struct slice word)
{
    char text[LONGEST + 4];
    struct slice key = {.at = text};
    if (word.len > LONGEST || !lower(word, text, &key.len))
        return false;
    size_t low = 0, high = sizeof words / sizeof words[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = slice_cmp(slice_of(words[middle]), key);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
