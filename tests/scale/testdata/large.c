/*
 * large: writes and reads of very many bytes in one call.
 *
 *   large NAME SIZE ROUNDS
 *
 * Prints "ready" once the checkpoint is open and the data are made, and waits for a line. Each round writes SIZE bytes in one
 * call, by turns with CheckpointWrite and SectionOverwrite, and reads them back in one call, by turns into its own
 * buffer and one the library makes. Every call must succeed the first time. Prints "end MILLISECONDS", those of the slowest
 * call.
 */
#include "scale.h"

static long long slowest;

static void timed(long long begin)
{
    if (now_ms() - begin > slowest)
        slowest = now_ms() - begin;
}

static void write_all(SaCkptCheckpointHandleT checkpoint, const unsigned char *data, SaSizeT size, long round)
{
    long long begin = now_ms();
    char text[16];
    SaCkptSectionIdT id = numbered(text, 1);

    if (round % 2 == 0)
        must(write_section(checkpoint, 1, 0, data, size), "CheckpointWrite");
    else
        must(saCkptSectionOverwrite(checkpoint, &id, data, size), "SectionOverwrite");
    timed(begin);
}

static void read_all(SaCkptCheckpointHandleT checkpoint, unsigned char *buffer, SaSizeT size, uint64_t seed, long round)
{
    bool own = round % 2 == 0;
    char text[16];
    SaCkptIOVectorElementT element = {
        .sectionId = numbered(text, 1), .dataBuffer = own ? buffer : NULL, .dataSize = own ? size : 0};
    SaUint32T index;
    long long begin = now_ms();
    size_t at;

    memset(buffer, 0, size);
    must(saCkptCheckpointRead(checkpoint, &element, 1, &index), "CheckpointRead");
    timed(begin);
    if (element.readSize != size)
        fail("read %llu bytes", (unsigned long long)element.readSize);
    if ((at = differs(seed, element.dataBuffer, size)) != size)
        fail("round %ld: wrong at byte %zu", round, at);
    if (!own)
        must(saCkptIOVectorElementDataFree(checkpoint, element.dataBuffer), "IOVectorElementDataFree");
}

int main(int argc, char **argv)
{
    SaSizeT size;
    SaCkptCheckpointCreationAttributesT with;
    SaCkptCheckpointHandleT checkpoint;
    SaCkptHandleT library;
    unsigned char *data, *buffer;
    uint64_t seed = 0;

    if (argc != 4)
        return 2;
    size = strtoull(argv[2], NULL, 10);
    data = malloc(size);
    buffer = malloc(size);
    if (data == NULL || buffer == NULL)
        fail("out of memory");
    for (const char *c = argv[1]; *c != 0; c++)
        seed = mix(seed ^ (unsigned char)*c);
    with = attributes(2, size);
    library = initialize();
    checkpoint = open_checkpoint(library, argv[1], &with);
    must(create_section(checkpoint, 1, NULL, 0), "SectionCreate");
    say("ready");
    await_line();
    for (long round = 0; round < atol(argv[3]); round++) {
        fill(seed + (uint64_t)round, data, size);
        write_all(checkpoint, data, size, round);
        read_all(checkpoint, buffer, size, seed + (uint64_t)round, round);
    }
    if (status_of(checkpoint).memoryUsed != size)
        fail("memoryUsed is %llu", (unsigned long long)status_of(checkpoint).memoryUsed);
    must(saCkptCheckpointClose(checkpoint), "CheckpointClose");
    must(saCkptFinalize(library), "Finalize");
    say("end %lld", slowest);
    free(data);
    free(buffer);
    return 0;
}
