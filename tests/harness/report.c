//go:build ignore

/*
 * report.c: the results as lines for programs and as a Markdown table for people.
 */
#include "runner.h"

static const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case PASSED: return "PASS";
    case POSTPONED: return "DUE";
    case IMPOSSIBLE: return "NONE";
    default: return "FAIL";
    }
}

static const char *cell(enum outcome outcome)
{
    switch (outcome) {
    case PASSED: return "pass";
    case POSTPONED: return "due";
    case IMPOSSIBLE: return "cannot occur";
    default: return "**FAIL**";
    }
}

void print_results(FILE *out, const struct suite *suite, const struct job *jobs, int count)
{
    int passed = 0, failed = 0, due = 0, impossible = 0;

    for (int i = 0; i < count; i++) {
        const struct job *job = &jobs[i];
        fprintf(out, "%s\t%s\t%s\t%s\t%s\n", job->label, suite->clients[job->client],
                outcome_name(job->outcome), job->claim, job->detail);
        passed += job->outcome == PASSED;
        failed += job->outcome == FAILED;
        due += job->outcome == POSTPONED;
        impossible += job->outcome == IMPOSSIBLE;
    }
    fprintf(out, "summary: %d passed, %d failed, %d due", passed, failed, due);
    if (impossible > 0)
        fprintf(out, ", %d cannot occur", impossible);
    fputc('\n', out);
}

static void write_escaped(FILE *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static bool same_test(const struct job *a, const struct job *b)
{
    return a->group == b->group && strcmp(a->label, b->label) == 0;
}

static void write_group(FILE *out, const struct suite *suite, const struct job *jobs, int count,
                        int group)
{
    fprintf(out, "\n## %s\n\n| %s | what holds |", suite->groups[group], suite->label_heading);
    for (int c = 0; c < suite->client_count; c++)
        fprintf(out, " %s |", suite->clients[c]);
    fputs("\n|---|---|", out);
    for (int c = 0; c < suite->client_count; c++)
        fputs("---|", out);
    fputc('\n', out);
    for (int i = 0; i < count; i++) {
        if (jobs[i].group != group || (i > 0 && same_test(&jobs[i - 1], &jobs[i])))
            continue;
        fprintf(out, "| %s | ", jobs[i].label);
        write_escaped(out, jobs[i].claim);
        fputs(" |", out);
        for (int c = 0; c < suite->client_count; c++) {
            const char *text = "–";
            for (int j = i; j < count && same_test(&jobs[j], &jobs[i]); j++)
                if (jobs[j].client == c)
                    text = cell(jobs[j].outcome);
            fprintf(out, " %s |", text);
        }
        fputc('\n', out);
    }
}

bool write_report(const char *path, const struct suite *suite, const struct job *jobs, int count)
{
    FILE *out = fopen(path, "w");
    bool written;

    if (out == NULL)
        return false;
    fprintf(out, "# %s\n\n%s", suite->title, suite->introduction);
    for (int group = 0; group < suite->group_count; group++)
        write_group(out, suite, jobs, count, group);
    written = ferror(out) == 0;
    return fclose(out) == 0 && written;
}
