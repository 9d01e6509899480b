/*
 * cycle: uses the library over and over, so that what is not given back shows.
 *
 *   cycle OPENS WRITES
 *
 * Opens and closes a checkpoint OPENS times (every tenth time with Initialize and Finalize, every seventh with a new
 * checkpoint that is unlinked), and writes and reads one WRITES times. For each line of its standard input it does all
 * that once and prints "done DESCRIPTORS RESIDENT_KIB".
 */
#include <dirent.h>
#include <unistd.h>

#include "client.h"

static int descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = -1; /* the directory's own */

    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2; /* . and .. */
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long total, resident;

    if (file == NULL || fscanf(file, "%ld %ld", &total, &resident) != 2)
        return -1;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void open_and_close(SaCkptHandleT library, long i)
{
    SaCkptHandleT own = i % 10 == 0 ? initialize() : library;
    const char *name = i % 7 == 0 ? "cycle-short" : "cycle-long";

    must(saCkptCheckpointClose(open_checkpoint(own, name, 4, SA_TIME_ONE_SECOND * 3600)),
         "CheckpointClose");
    if (i % 7 == 0) {
        SaNameT sa_name;
        saAisNameLend(name, &sa_name);
        must(saCkptCheckpointUnlink(library, &sa_name), "CheckpointUnlink");
    }
    if (own != library)
        must(saCkptFinalize(own), "Finalize");
}

static void write_and_read(SaCkptCheckpointHandleT checkpoint, long i)
{
    static char in[4096], out[4096];
    const SaCkptSectionIdT section = SA_CKPT_DEFAULT_SECTION_ID;
    SaSizeT size = (SaSizeT)(i * 37 % (long)sizeof out + 1);
    SaCkptIOVectorElementT element = {.dataBuffer = in, .dataSize = sizeof in};

    memset(out, (int)i, size);
    must(saCkptSectionOverwrite(checkpoint, &section, out, size), "SectionOverwrite");
    must(saCkptCheckpointRead(checkpoint, &element, 1, NULL), "CheckpointRead");
    if (element.readSize != size || memcmp(in, out, size) != 0) {
        printf("wrong content after write %ld\n", i);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static char line[16];

    if (argc != 3)
        return 2;
    while (fgets(line, sizeof line, stdin) != NULL) {
        SaCkptHandleT library = initialize();
        SaCkptCheckpointHandleT checkpoint = open_checkpoint(library, "cycle-data", 1, 0);

        for (long i = 0; i < atol(argv[1]); i++)
            open_and_close(library, i);
        for (long i = 0; i < atol(argv[2]); i++)
            write_and_read(checkpoint, i);
        must(saCkptCheckpointClose(checkpoint), "CheckpointClose");
        must(saCkptFinalize(library), "Finalize");
        printf("done %d %ld\n", descriptors(), resident_kib());
        fflush(stdout);
    }
    return 0;
}
