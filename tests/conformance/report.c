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
    default: return "FAIL";
    }
}

void print_results(FILE *out, const struct job *jobs, int count)
{
    int passed = 0, failed = 0, due = 0;

    for (int i = 0; i < count; i++) {
        const struct job *job = &jobs[i];
        fprintf(out, "%s\t%s\t%s\t%s\t%s\n", job->label, job->as->name,
                outcome_name(job->outcome), job->test->claim, job->detail);
        passed += job->outcome == PASSED;
        failed += job->outcome == FAILED;
        due += job->outcome == POSTPONED;
    }
    fprintf(out, "summary: %d passed, %d failed, %d due\n", passed, failed, due);
}

static void write_escaped(FILE *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void write_table(FILE *out, const struct job *jobs, int count, bool decisions)
{
    fputs("\n| number | what holds |", out);
    for (int c = 0; c < CLIENT_COUNT; c++)
        fprintf(out, " %s |", clients[c].name);
    fputs("\n|---|---|---|---|---|\n", out);
    for (int i = 0; i < count; i++) {
        const struct test *test = jobs[i].test;
        if (jobs[i].decision != decisions || (i > 0 && jobs[i - 1].test == test))
            continue;
        fprintf(out, "| %s | ", jobs[i].label);
        write_escaped(out, test->claim);
        fputs(" |", out);
        for (int c = 0; c < CLIENT_COUNT; c++) {
            const char *cell = "–";
            for (int j = i; j < count && jobs[j].test == test; j++)
                if (jobs[j].as == &clients[c])
                    cell = jobs[j].outcome == PASSED      ? "pass"
                           : jobs[j].outcome == POSTPONED ? "due"
                                                          : "**FAIL**";
            fprintf(out, " %s |", cell);
        }
        fputc('\n', out);
    }
}

bool write_report(const char *path, const struct job *jobs, int count)
{
    FILE *out = fopen(path, "w");
    bool written;

    if (out == NULL)
        return false;
    fputs("# Conformance report\n\n"
          "Result of each statement for a client of each version; a dash where the version makes\n"
          "no difference and the statement was tested for another, \"due\" where it needs several\n"
          "nodes.\n\n## Statements\n",
          out);
    write_table(out, jobs, count, false);
    fputs("\n## Beyond the statements\n", out);
    write_table(out, jobs, count, true);
    written = ferror(out) == 0;
    return fclose(out) == 0 && written;
}
