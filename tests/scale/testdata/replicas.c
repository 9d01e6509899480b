/*
 * replicas: as many checkpoints as the node may hold, and one more.
 *
 *   replicas MAX
 *
 * Opens MAX checkpoints of retention one hour; the next open must fail with
 * NO_RESOURCES. Prints "full", and for each line it is sent goes one step on: "used" when every checkpoint has been
 * written and read; "retained" when one that was closed still counts; "room" when its unlinking has made room for one
 * more and no further; "end" when all are unlinked and closed.
 */
#include "scale.h"

static SaCkptCheckpointCreationAttributesT one_hour(void)
{
    SaCkptCheckpointCreationAttributesT with = attributes(4, 4096);

    with.retentionDuration = SA_TIME_ONE_HOUR;
    return with;
}

static const char *name_of(long i)
{
    static char name[32];

    snprintf(name, sizeof name, "replica-%ld", i);
    return name;
}

static void expect_full(SaCkptHandleT library, const char *name)
{
    const SaCkptCheckpointCreationAttributesT with = one_hour();
    SaCkptCheckpointHandleT checkpoint;
    long long begin = now_ms();

    expect(try_open(library, name, &with, &checkpoint), SA_AIS_ERR_NO_RESOURCES, "CheckpointOpen of one too many");
    if (now_ms() - begin > 5000)
        fail("it took %lld ms to say NO_RESOURCES", now_ms() - begin);
    expect(try_open(library, name, NULL, &checkpoint), SA_AIS_ERR_NOT_EXIST, "CheckpointOpen of the refused one");
}

/* Each checkpoint has its own content; in round 0 the section is made. */
static void use_all(const SaCkptCheckpointHandleT *checkpoints, long max, int round)
{
    for (long i = 0; i < max; i++) {
        uint64_t data = mix((uint64_t)i * 16 + (uint64_t)round);
        must(round == 0 ? create_section(checkpoints[i], 7, &data, sizeof data)
                        : write_section(checkpoints[i], 7, 0, &data, sizeof data),
             round == 0 ? "SectionCreate" : "CheckpointWrite");
    }
    for (long i = 0; i < max; i++) {
        uint64_t data = 0;
        SaSizeT size = sizeof data;
        must(read_section(checkpoints[i], 7, &data, &size), "CheckpointRead");
        if (size != sizeof data || data != mix((uint64_t)i * 16 + (uint64_t)round))
            fail("checkpoint %ld holds something else", i);
    }
}

int main(int argc, char **argv)
{
    const SaCkptCheckpointCreationAttributesT with = one_hour();
    SaCkptHandleT library = initialize();
    long max = argc == 2 ? atol(argv[1]) : 0;
    SaCkptCheckpointHandleT *checkpoints = calloc((size_t)max + 1, sizeof *checkpoints);

    if (max < 1 || checkpoints == NULL)
        return 2;
    for (long i = 0; i < max; i++)
        checkpoints[i] = open_checkpoint(library, name_of(i), &with);
    expect_full(library, "one-more");
    say("full");

    await_line();
    use_all(checkpoints, max, 0);
    say("used");

    await_line();
    must(saCkptCheckpointClose(checkpoints[max - 1]), "CheckpointClose");
    expect_full(library, "one-more");
    say("retained");

    await_line();
    must(unlink_checkpoint(library, name_of(max - 1)), "CheckpointUnlink");
    checkpoints[max - 1] = open_checkpoint(library, "one-more", &with);
    expect_full(library, "two-more");
    must(create_section(checkpoints[max - 1], 7, "x", 1), "SectionCreate");
    use_all(checkpoints, max, 1);
    say("room");

    await_line();
    for (long i = 0; i < max; i++) {
        must(unlink_checkpoint(library, i == max - 1 ? "one-more" : name_of(i)), "CheckpointUnlink");
        must(saCkptCheckpointClose(checkpoints[i]), "CheckpointClose");
    }
    must(saCkptFinalize(library), "Finalize");
    say("end");
    free(checkpoints);
    return 0;
}
