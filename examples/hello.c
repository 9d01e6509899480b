/*
 * hello: open a checkpoint, write to it, read it back.
 *
 * A checkpoint is memory with a name, shared by all processes of a cluster and kept in copies
 * ("replicas") on several of its nodes. When a process dies, what it wrote is still there for the
 * next one. It is divided into sections; the simplest kind, used here, has one "default section"
 * that exists from the start.
 *
 *   build/bin/ckpt up                 in one terminal
 *   build/examples/hello              in another
 */
#include <string.h>

#include <saCkpt.h>

#include "aiserror.h"

int main(void)
{
    /* Every program begins with a library handle. The version is the one the program was written
     * for; the library replaces it by the newest one it has. No callbacks: nothing asynchronous. */
    SaVersionT version = {'B', 2, 2};
    SaCkptHandleT library;
    must(saCkptInitialize(&library, NULL, &version), "saCkptInitialize");

    /* What the checkpoint is to be like, if this is the first process to open it. */
    const SaCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = SA_CKPT_WR_ALL_REPLICAS, /* a write returns when all replicas have it */
        .checkpointSize = 100,
        .retentionDuration = 10 * SA_TIME_ONE_SECOND, /* how long it outlives its last user */
        .maxSections = 1,
        .maxSectionSize = 100,
        .maxSectionIdSize = 1,
    };
    SaNameT name;
    saAisNameLend("safCkpt=hello", &name);

    SaCkptCheckpointHandleT checkpoint;
    must(saCkptCheckpointOpen(library, &name, &attributes,
                              SA_CKPT_CHECKPOINT_CREATE | SA_CKPT_CHECKPOINT_READ |
                                  SA_CKPT_CHECKPOINT_WRITE,
                              5 * SA_TIME_ONE_SECOND, &checkpoint),
         "saCkptCheckpointOpen");

    /* A write takes a list of parts, each with a section, a place in it and the bytes. All of them
     * are written, or none. */
    char greeting[] = "Hello, world!";
    SaCkptIOVectorElementT out = {
        .sectionId = SA_CKPT_DEFAULT_SECTION_ID,
        .dataBuffer = greeting,
        .dataSize = strlen(greeting),
        .dataOffset = 0,
    };
    must(saCkptCheckpointWrite(checkpoint, &out, 1, NULL), "saCkptCheckpointWrite");
    printf("wrote %zu bytes: %s\n", strlen(greeting), greeting);

    /* A read is the same the other way round, and tells how much there was. */
    char buffer[100];
    SaCkptIOVectorElementT in = {
        .sectionId = SA_CKPT_DEFAULT_SECTION_ID,
        .dataBuffer = buffer,
        .dataSize = sizeof buffer,
        .dataOffset = 0,
    };
    must(saCkptCheckpointRead(checkpoint, &in, 1, NULL), "saCkptCheckpointRead");
    printf("read %llu bytes: %.*s\n", in.readSize, (int)in.readSize, buffer);
    if (in.readSize != strlen(greeting) || memcmp(buffer, greeting, in.readSize) != 0)
        give_up("that is not what was written");

    /* Unlinking takes the name away; the checkpoint itself goes with its last user. A program that
     * wants to find its data again after a crash leaves this to its orderly end. */
    must(saCkptCheckpointUnlink(library, &name), "saCkptCheckpointUnlink");
    must(saCkptCheckpointClose(checkpoint), "saCkptCheckpointClose");
    must(saCkptFinalize(library), "saCkptFinalize");
    return EXIT_SUCCESS;
}
