/*
 * reader: reads records without end and checks them.
 *
 *   reader NAME...
 *
 * Reads the sections of the checkpoints NAME..., which exist, by turns: each found must be a whole record, and none
 * may be older than one seen before. A section may be missing; everything else but OK ends the program. Prints "reading" after
 * the first record, and when standard input gets a line, "end READS SLOWEST_MS".
 */
#include <poll.h>

#include "record.h"

enum { NAMES_MAX = 8, NUMBERS = 1 << 16 };

int main(int argc, char **argv)
{
    static uint64_t seen[NAMES_MAX][NUMBERS];
    static unsigned char data[RECORD_MAX];
    SaCkptCheckpointHandleT checkpoints[NAMES_MAX];
    SaCkptHandleT library = initialize();
    int names = argc - 1;
    uint64_t state = mix((uint64_t)getpid()), range[NAMES_MAX], reads = 0;
    long long slowest = 0;

    if (names < 1 || names > NAMES_MAX)
        return 2;
    for (int i = 0; i < names; i++) {
        checkpoints[i] = open_checkpoint(library, argv[i + 1], NULL);
        range[i] = 64;
    }
    for (uint64_t turn = 0;; turn++) {
        struct pollfd in = {.fd = 0, .events = POLLIN};
        int i = (int)(turn % (uint64_t)names);
        uint64_t number = next_random(&state) % range[i];
        SaSizeT size = sizeof data;
        long long begin = now_ms();
        SaAisErrorT error = read_section(checkpoints[i], number, data, &size);

        if (now_ms() - begin > slowest)
            slowest = now_ms() - begin;
        if (error == SA_AIS_OK) {
            struct record r = record_check(argv[i + 1], number, data, size);
            if (r.version < seen[i][number])
                fail("%s: section %llu went back from version %llu to %llu", argv[i + 1], (unsigned long long)number,
                     (unsigned long long)seen[i][number], (unsigned long long)r.version);
            seen[i][number] = r.version;
            if (number + 32 > range[i] && range[i] < NUMBERS)
                range[i] *= 2;
            if (++reads == 1)
                say("reading");
        } else if (error != SA_AIS_ERR_NOT_EXIST) {
            fail("CheckpointRead: %d", (int)error);
        }
        if (turn % 16 == 0 && poll(&in, 1, 1) > 0) /* and leave the others some of the processor */
            break;
    }
    must(saCkptFinalize(library), "Finalize");
    say("end %llu %lld", (unsigned long long)reads, slowest);
    return 0;
}
