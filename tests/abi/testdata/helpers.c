/*
 * The functions that the OpenClovis headers define themselves: names, the stop watch, printing.
 * Exits with 0 if they do what the headers say, having printed one line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clOsalApi.h>

#define HOLDS(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s\n", __LINE__, #condition); \
            exit(EXIT_FAILURE); \
        } \
    } while (0)

static int name_is(const ClNameT *name, const char *text)
{
    return name->length == strlen(text) && strcmp(name->value, text) == 0;
}

static void names(void)
{
    char long_text[400];
    ClNameT name, other, whole;

    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';

    memset(&name, 0x7f, sizeof name);
    clNameSet(&name, "ckpt");
    HOLDS(name_is(&name, "ckpt"));
    clNameSet(&name, "");
    HOLDS(name_is(&name, ""));
    clNameSet(&name, long_text);
    HOLDS(name.length == 255 && name.value[254] == 'x' && name.value[255] == '\0');

    /* A name of 256 bytes has no room for a NUL; a longer length is an error of the caller's. */
    whole.length = 300;
    memset(whole.value, 'y', sizeof whole.value);
    clNameCopy(&other, &whole);
    HOLDS(other.length == 256 && memcmp(other.value, whole.value, 256) == 0);
    clNameSet(&name, "a");
    clNameCopy(&other, &name);
    HOLDS(name_is(&other, "a"));
    clNameCopy(&other, &other);
    HOLDS(name_is(&other, "a"));

    clNameSet(&name, "node");
    clNameSet(&other, "7");
    clNameConcat(&whole, &name, "_", &other);
    HOLDS(name_is(&whole, "node_7"));
    clNameConcat(&whole, &name, NULL, NULL);
    HOLDS(name_is(&whole, "node"));
    clNameConcat(&whole, NULL, NULL, NULL);
    HOLDS(name_is(&whole, ""));
    clNameConcat(&name, &name, "/", &other);
    HOLDS(name_is(&name, "node/7"));
    clNameSet(&name, long_text);
    clNameConcat(&whole, &name, "_", &other);
    HOLDS(whole.length == 255 && whole.value[254] == 'x' && whole.value[255] == '\0');
}

static void stop_watch(void)
{
    ClTimeT before = clOsalStopWatchTimeGet(), passed;

    HOLDS(poll(NULL, 0, 20) == 0); /* milliseconds */
    passed = clOsalStopWatchTimeGet() - before;
    HOLDS(passed >= 20 * 1000 && passed < 60 * 1000 * 1000);
}

int main(void)
{
    names();
    stop_watch();
    HOLDS(clOsalPrintf("%s %d\n", "printed", 7) == CL_OK);
    return EXIT_SUCCESS;
}
