/*
 * load: writes and reads as fast as it can, through whatever happens to the service, and checks what it reads.
 *
 *   load NAME
 *
 * A record is RECORD_WORDS times the same number. Write number i puts it in section i and, at the same time, in section
 * i + 1 (modulo SECTIONS), all or nothing. A write that ends with TRY_AGAIN or TIMEOUT is made again. A second thread
 * reads all the time, over the same handle; every read must succeed.
 *
 * Prints "open", then every 20 ms "count WRITES READS", and after SIGTERM
 * "end WRITES READS SLOWEST_READ_US SLOWEST_WRITE_US" once every section holds what was acknowledged last; or
 * "wrong ..." and ends with status 1.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "client.h"

enum { SECTIONS = 32, RECORD_WORDS = 64 };

static SaCkptCheckpointHandleT checkpoint;
static atomic_bool stopping;
static atomic_ullong writes, reads, slowest_read;
static unsigned long long slowest_write;

static void wrong(const char *what, int section, unsigned long long a, unsigned long long b)
{
    printf("wrong %s section %d: %llu, %llu\n", what, section, a, b);
    fflush(stdout);
    _exit(1);
}

static void terminate(int signal)
{
    (void)signal;
    atomic_store(&stopping, true);
}

static SaCkptSectionIdT section_id(SaUint8T *number)
{
    SaCkptSectionIdT id = {1, number};
    return id;
}

static SaAisErrorT read_record(SaUint8T section, uint64_t *record, SaSizeT *size)
{
    SaCkptIOVectorElementT element = {.sectionId = section_id(&section),
                                      .dataBuffer = record,
                                      .dataSize = RECORD_WORDS * sizeof *record};
    SaUint32T index;
    SaAisErrorT error = saCkptCheckpointRead(checkpoint, &element, 1, &index);
    *size = element.readSize;
    return error;
}

static uint64_t check_record(int section, const uint64_t *record, SaSizeT size)
{
    if (size != RECORD_WORDS * sizeof *record)
        wrong("size", section, size, RECORD_WORDS * sizeof *record);
    for (int i = 1; i < RECORD_WORDS; i++)
        if (record[i] != record[0])
            wrong("mixture", section, record[0], record[i]);
    return record[0];
}

static void *read_on(void *unused)
{
    uint64_t last[SECTIONS] = {0};

    (void)unused;
    for (int section = 0; !atomic_load(&stopping); section = (section + 1) % SECTIONS) {
        uint64_t record[RECORD_WORDS], number;
        SaSizeT size;
        long long begin = now_us();
        SaAisErrorT error;
        unsigned long long took;

        error = read_record((SaUint8T)section, record, &size);
        took = (unsigned long long)(now_us() - begin);
        if (error != SA_AIS_OK)
            wrong("read result in", section, error, atomic_load(&reads));
        number = check_record(section, record, size);
        if (number < last[section])
            wrong("older record in", section, last[section], number);
        last[section] = number;
        if (took > atomic_load(&slowest_read))
            atomic_store(&slowest_read, took);
        atomic_fetch_add(&reads, 1);
    }
    return NULL;
}

static void write_record(uint64_t number)
{
    uint64_t record[RECORD_WORDS];
    SaUint8T sections[2] = {(SaUint8T)(number % SECTIONS), (SaUint8T)((number + 1) % SECTIONS)};
    SaCkptIOVectorElementT elements[2];
    SaAisErrorT error;
    long long begin = now_us(), took;

    for (int i = 0; i < RECORD_WORDS; i++)
        record[i] = number;
    for (int i = 0; i < 2; i++)
        elements[i] = (SaCkptIOVectorElementT){.sectionId = section_id(&sections[i]),
                                               .dataBuffer = record,
                                               .dataSize = sizeof record};
    do {
        SaUint32T index;
        error = saCkptCheckpointWrite(checkpoint, elements, 2, &index);
        if (error != SA_AIS_OK && error != SA_AIS_ERR_TRY_AGAIN && error != SA_AIS_ERR_TIMEOUT)
            wrong("write result in", sections[0], error, number);
    } while (error != SA_AIS_OK);
    took = now_us() - begin;
    if ((unsigned long long)took > slowest_write)
        slowest_write = (unsigned long long)took;
    atomic_store(&writes, number);
}

static void *write_on(void *unused)
{
    (void)unused;
    while (!atomic_load(&stopping))
        write_record(atomic_load(&writes) + 1);
    return NULL;
}

int main(int argc, char **argv)
{
    SaCkptHandleT library = initialize();
    pthread_t reader, writer;
    unsigned long long number;

    if (argc != 2)
        return 2;
    checkpoint = open_checkpoint(library, argv[1], SECTIONS, 60 * SA_TIME_ONE_SECOND);
    for (int i = 0; i < SECTIONS; i++) {
        SaUint8T name = (SaUint8T)i;
        SaCkptSectionIdT id = section_id(&name);
        SaCkptSectionCreationAttributesT attributes = {&id, SA_TIME_END};
        uint64_t zeros[RECORD_WORDS] = {0};
        must(saCkptSectionCreate(checkpoint, &attributes, zeros, sizeof zeros), "SectionCreate");
    }
    signal(SIGTERM, terminate);
    puts("open");
    fflush(stdout);
    if (pthread_create(&reader, NULL, read_on, NULL) != 0 ||
        pthread_create(&writer, NULL, write_on, NULL) != 0)
        return 1;
    while (!atomic_load(&stopping)) {
        usleep(20000);
        printf("count %llu %llu\n", atomic_load(&writes), atomic_load(&reads));
        fflush(stdout);
    }
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);

    number = atomic_load(&writes);
    for (int i = 0; i < SECTIONS; i++) {
        uint64_t record[RECORD_WORDS], found;
        SaSizeT size;
        /* the last two writes whose pair includes section i */
        uint64_t by_first = number - (number + SECTIONS - (uint64_t)i) % SECTIONS;
        uint64_t by_second = number - (number + 1 + SECTIONS - (uint64_t)i) % SECTIONS;
        uint64_t expected = by_first > by_second ? by_first : by_second;

        must(read_record((SaUint8T)i, record, &size), "CheckpointRead");
        found = check_record(i, record, size);
        if (number >= 2 * SECTIONS && found != expected)
            wrong("acknowledged record lost in", i, expected, found);
    }
    must(saCkptCheckpointClose(checkpoint), "CheckpointClose");
    must(saCkptFinalize(library), "Finalize");
    printf("end %llu %llu %llu %llu\n", number, atomic_load(&reads), atomic_load(&slowest_read),
           slowest_write);
    return 0;
}
