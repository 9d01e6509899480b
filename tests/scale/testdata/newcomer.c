/*
 * newcomer: a process that comes when there is no memory left.
 *
 *   newcomer EXISTING
 *
 * Prints "initialize CODE MS". If that was OK, it goes on with "existing CODE MS", an open of the checkpoint EXISTING,
 * and "new CODE MS", an open that creates one, which is unlinked again if that succeeded. What it could open must work.
 * Prints "end".
 */
#include "record.h"

int main(int argc, char **argv)
{
    const SaCkptCheckpointCreationAttributesT with = record_attributes();
    static unsigned char data[RECORD_MAX];
    SaVersionT version = {'B', 2, 2};
    SaCkptHandleT library;
    SaCkptCheckpointHandleT checkpoint;
    SaSizeT size = sizeof data;
    SaAisErrorT error;
    long long begin = now_ms();

    if (argc != 2)
        return 2;
    error = saCkptInitialize(&library, NULL, &version);
    say("initialize %d %lld", (int)error, now_ms() - begin);
    if (error == SA_AIS_OK) {
        begin = now_ms();
        error = try_open(library, argv[1], NULL, &checkpoint);
        say("existing %d %lld", (int)error, now_ms() - begin);
        if (error == SA_AIS_OK) {
            must(read_section(checkpoint, 0, data, &size), "CheckpointRead");
            record_check(argv[1], 0, data, size);
            must(saCkptCheckpointClose(checkpoint), "CheckpointClose");
        }
        begin = now_ms();
        error = try_open(library, "newcomer", &with, &checkpoint);
        say("new %d %lld", (int)error, now_ms() - begin);
        if (error == SA_AIS_OK) {
            must(create_section(checkpoint, 0, "x", 1), "SectionCreate");
            must(unlink_checkpoint(library, "newcomer"), "CheckpointUnlink");
        }
        must(saCkptFinalize(library), "Finalize");
    }
    say("end");
    return 0;
}
