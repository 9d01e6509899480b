/*
 * ask: carries out commands from standard input on one checkpoint, one a line, and prints a line for each.
 *
 *   ask NAME
 *
 *   write TEXT   overwrites the default section      prints "write RESULT MILLISECONDS"
 *   read         reads it                            prints "read RESULT MILLISECONDS TEXT"
 *   open         opens the checkpoint once more      prints "open RESULT MILLISECONDS"
 *
 * Prints "ready" first; ends with its standard input.
 */
#include "client.h"

int main(int argc, char **argv)
{
    static char line[4096];
    const SaCkptSectionIdT section = SA_CKPT_DEFAULT_SECTION_ID;
    SaCkptHandleT library = initialize();
    SaCkptCheckpointHandleT checkpoint;

    if (argc != 2)
        return 2;
    checkpoint = open_checkpoint(library, argv[1], 1, 60 * SA_TIME_ONE_SECOND);
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        SaAisErrorT error;
        long long begin = now_us();

        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "write ", 6) == 0) {
            error = saCkptSectionOverwrite(checkpoint, &section, line + 6, strlen(line + 6));
            printf("write %d %lld\n", (int)error, (now_us() - begin) / 1000);
        } else if (strcmp(line, "read") == 0) {
            char text[4096] = "";
            SaCkptIOVectorElementT element = {.dataBuffer = text, .dataSize = sizeof text};
            error = saCkptCheckpointRead(checkpoint, &element, 1, NULL);
            printf("read %d %lld %.*s\n", (int)error, (now_us() - begin) / 1000,
                   (int)(error == SA_AIS_OK ? element.readSize : 0), text);
        } else if (strcmp(line, "open") == 0) {
            SaNameT name;
            SaCkptCheckpointHandleT again;
            saAisNameLend(argv[1], &name);
            error = saCkptCheckpointOpen(library, &name, NULL, SA_CKPT_CHECKPOINT_READ, 0, &again);
            printf("open %d %lld\n", (int)error, (now_us() - begin) / 1000);
        } else {
            return 2;
        }
        fflush(stdout);
    }
    must(saCkptFinalize(library), "Finalize");
    return 0;
}
