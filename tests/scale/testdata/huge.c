/*
 * huge: the largest attributes there are, and writes far beyond any memory.
 *
 *   huge NAME
 *
 * Opens a checkpoint of 2^32 - 1 sections of up to 2^40 bytes, prints "open", and after a line writes a few bytes at
 * offsets nothing can hold: NO_RESOURCES, and nothing has changed. Prints "end".
 */
#include "scale.h"

static void expect_unchanged(SaCkptCheckpointHandleT checkpoint, const char *content)
{
    char data[64];
    SaSizeT size = sizeof data;
    SaCkptCheckpointDescriptorT status = status_of(checkpoint);

    must(read_section(checkpoint, 1, data, &size), "CheckpointRead");
    if (size != strlen(content) || memcmp(data, content, size) != 0)
        fail("the section holds %llu bytes: %.*s", (unsigned long long)size, (int)size, data);
    if (status.numberOfSections != 1 || status.memoryUsed != size)
        fail("status: %u sections, %llu bytes", status.numberOfSections, (unsigned long long)status.memoryUsed);
}

static void expect_refused(SaCkptCheckpointHandleT checkpoint, SaOffsetT offset)
{
    char small[] = "some bytes", one[] = "!", first[16], second[16];
    SaCkptIOVectorElementT elements[2] = {
        {.sectionId = numbered(first, 1), .dataBuffer = one, .dataSize = 1},
        {.sectionId = numbered(second, 1), .dataBuffer = small, .dataSize = sizeof small, .dataOffset = offset},
    };
    SaUint32T index;
    long long begin = now_ms();

    expect(write_section(checkpoint, 1, offset, small, sizeof small), SA_AIS_ERR_NO_RESOURCES, "CheckpointWrite far away");
    expect(saCkptCheckpointWrite(checkpoint, elements, 2, &index), SA_AIS_ERR_NO_RESOURCES, "CheckpointWrite of two");
    if (now_ms() - begin > 5000)
        fail("it took %lld ms to refuse offset %lld", now_ms() - begin, (long long)offset);
}

int main(int argc, char **argv)
{
    const SaOffsetT offsets[] = {
        INT64_C(1) << 39,          /* may be stored by its attributes, but nowhere */
        (INT64_C(1) << 40) - 11,   /* the last place it may be stored by its attributes */
        (INT64_C(1) << 40) - 10,   /* one byte too far */
        INT64_C(1) << 40,
        INT64_MAX - 3,             /* the sum overflows 63 bits */
    };
    SaCkptCheckpointCreationAttributesT with = attributes(UINT32_MAX, UINT64_C(1) << 40);
    SaCkptCheckpointHandleT checkpoint;
    SaCkptHandleT library = initialize();
    SaCkptCheckpointDescriptorT status;

    if (argc != 2)
        return 2;
    with.checkpointSize = UINT64_MAX; /* less than the product, which has 72 bits */
    checkpoint = open_checkpoint(library, argv[1], &with);
    status = status_of(checkpoint);
    if (status.checkpointCreationAttributes.maxSections != UINT32_MAX ||
        status.checkpointCreationAttributes.maxSectionSize != UINT64_C(1) << 40)
        fail("the attributes are others");
    say("open");

    await_line();
    must(create_section(checkpoint, 1, "before", 6), "SectionCreate");
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        expect_refused(checkpoint, offsets[i]);
        expect_unchanged(checkpoint, "before");
    }
    must(write_section(checkpoint, 1, 0, "after!", 6), "CheckpointWrite");
    expect_unchanged(checkpoint, "after!");
    say("refused");

    await_line();
    must(unlink_checkpoint(library, argv[1]), "CheckpointUnlink");
    must(saCkptFinalize(library), "Finalize");
    say("end");
    return 0;
}
