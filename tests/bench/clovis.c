#include "clovis.h"

#ifdef BENCH_CLCKPT

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clCkptApi.h>
#include <clCommonErrors.h>

static void expect_ok(ClRcT rc, const char *what)
{
    if (rc == CL_OK)
        return;
    fprintf(stderr, "bench: %s: returned %#x\n", what, (unsigned)rc);
    _Exit(EXIT_FAILURE);
}

uint64_t clovis_open(const void *name, size_t length)
{
    ClVersionT version = {'B', 1, 1};
    ClCkptSvcHdlT service;
    ClCkptHdlT checkpoint;
    ClNameT n;

    n.length = (ClUint16T)length;
    memcpy(n.value, name, length);
    expect_ok(clCkptInitialize(&service, NULL, &version), "clCkptInitialize");
    expect_ok(clCkptCheckpointOpen(service, &n, NULL, CL_CKPT_CHECKPOINT_READ | CL_CKPT_CHECKPOINT_WRITE, 0,
                                   &checkpoint),
              "clCkptCheckpointOpen");
    return checkpoint;
}

static ClCkptIOVectorElementT element(uint8_t *id, uint16_t id_size, void *data, size_t size)
{
    ClCkptIOVectorElementT e;
    memset(&e, 0, sizeof e);
    e.sectionId.id = id;
    e.sectionId.idLen = id_size;
    e.dataBuffer = data;
    e.dataSize = size;
    return e;
}

size_t clovis_read(uint64_t checkpoint, uint8_t *id, uint16_t id_size, void *data, size_t size)
{
    ClCkptIOVectorElementT e = element(id, id_size, data, size);
    expect_ok(clCkptCheckpointRead(checkpoint, &e, 1, NULL), "clCkptCheckpointRead");
    return e.readSize;
}

void clovis_write(uint64_t checkpoint, uint8_t *id, uint16_t id_size, void *data, size_t size)
{
    ClCkptIOVectorElementT e = element(id, id_size, data, size);
    expect_ok(clCkptCheckpointWrite(checkpoint, &e, 1, NULL), "clCkptCheckpointWrite");
}

void clovis_overwrite(uint64_t checkpoint, uint8_t *id, uint16_t id_size, const void *data, size_t size)
{
    ClCkptSectionIdT section = {id_size, id};
    expect_ok(clCkptSectionOverwrite(checkpoint, &section, data, size), "clCkptSectionOverwrite");
}

#endif
