/*
 * record.h: content that tells whose it is. A record is a header and bytes made from it, so that whoever reads it
 * can say whether it is whole, and how new it is.
 */
#ifndef RECORD_H
#define RECORD_H

#include "scale.h"

enum { RECORD_MAX = 64 << 10, RECORD_MIN = 64 };

/* What the checkpoints of these tests are created with. */
static inline SaCkptCheckpointCreationAttributesT record_attributes(void)
{
    SaCkptCheckpointCreationAttributesT with = attributes(1 << 16, RECORD_MAX);

    with.retentionDuration = SA_TIME_ONE_HOUR;
    return with;
}

struct record {
    uint64_t number;  /* of the section */
    uint64_t version; /* counts up with every write of this section */
    uint64_t size;    /* of the whole record in bytes */
};

static inline uint64_t record_seed(const struct record *r)
{
    return mix(mix(r->number) ^ mix(r->version << 20) ^ r->size);
}

static inline void record_make(const struct record *r, unsigned char *data)
{
    memcpy(data, r, sizeof *r);
    fill(record_seed(r), data + sizeof *r, r->size - sizeof *r);
}

/* Takes what was read apart; ends the program if it is not a whole record of this section. */
static inline struct record record_check(const char *name, uint64_t number, const unsigned char *data, SaSizeT size)
{
    struct record r;

    if (size < sizeof r)
        fail("%s: section %llu has %llu bytes", name, (unsigned long long)number, (unsigned long long)size);
    memcpy(&r, data, sizeof r);
    if (r.number != number || r.size != size)
        fail("%s: section %llu of %llu bytes says it is section %llu of %llu bytes", name, (unsigned long long)number,
             (unsigned long long)size, (unsigned long long)r.number, (unsigned long long)r.size);
    if (differs(record_seed(&r), data + sizeof r, size - sizeof r) != size - sizeof r)
        fail("%s: section %llu, version %llu, is torn", name, (unsigned long long)number, (unsigned long long)r.version);
    return r;
}

#endif
