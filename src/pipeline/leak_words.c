#include "pipeline/leak_words.h"

#include <stdlib.h>
#include <string.h>

/* All three are sorted by bytes. */
static const char *const titles[] = {
    "doctor", "dr", "frau", "herr", "madame", "miss", "monsieur", "mr", "mrs", "ms", "mx", "nurse",
    "prof", "professor", "señor", "señora", "signor", "signora"};

static const char *const calendar[] = {
    "april", "august", "december", "february", "friday", "january", "july", "june", "march", "may",
    "monday", "november", "october", "saturday", "september", "sunday", "thursday", "tuesday",
    "wednesday"};

/* Headings of notes, professions, frequent conditions and drugs, ranks of words that lists write with a
 * capital. */
static const char *const common[] = {
    "abdomen", "abdominal", "acetaminophen", "action", "acute", "admission", "advice", "alcohol",
    "allergies", "allergy", "anemia", "anxiety", "aspirin", "assessment", "asthma", "back",
    "background", "blood", "breath", "bronchitis", "cancer", "cardiac", "cardiology", "chest", "chief",
    "cholesterol", "chronic", "clinic", "complaint", "condition", "conversation", "cough", "denies",
    "dental", "dentist", "depression", "diabetes", "diagnosis", "diarrhea", "diet", "discharge",
    "disease", "dose", "ear", "emergency", "english", "exam", "examination", "eye", "family", "father",
    "fever", "findings", "follow", "gastrointestinal", "general", "headache", "health", "heart",
    "history", "hospital", "hpi", "hypertension", "ibuprofen", "impression", "infection", "insulin",
    "internet", "kidney", "lab", "labs", "left", "liver", "lung", "lungs", "medical", "medication",
    "medications", "medicine", "metformin", "mother", "mouth", "nausea", "neck", "neurological",
    "neurology", "none", "nose", "note", "objective", "oral", "oxygen", "pain", "past", "patient",
    "penicillin", "physical", "plan", "pneumonia", "pregnancy", "present", "pressure", "procedure",
    "pulse", "radiology", "recommendation", "referral", "respiratory", "results", "review", "right",
    "shortness", "signs", "skin", "smoking", "social", "spanish", "stroke", "subjective", "surgery",
    "surgical", "symptoms", "systems", "temperature", "test", "tests", "therapy", "throat", "tobacco",
    "treatment", "tylenol", "ultrasound", "urinary", "vaccine", "vital", "vitals", "vomiting",
    "weight"};

static int compare(const void *key, const void *member)
{
    const struct slice *word = key;
    return slice_cmp(*word, slice_of(*(const char *const *)member));
}

#define IN(list, word) (bsearch(&(word), list, sizeof(list) / sizeof *(list), sizeof *(list), compare) != NULL)

bool leak_is_title(struct slice folded)
{
    return IN(titles, folded);
}

bool leak_is_calendar(struct slice folded)
{
    return IN(calendar, folded);
}

bool leak_is_common(struct slice folded)
{
    return IN(common, folded);
}
