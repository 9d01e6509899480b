/*
 * clckpt_hello: hello.c with the functions of OpenClovis: open a checkpoint, write, read it back.
 *
 * It is the same service, so hello.c's explanations hold here. A program written for the 2007
 * document, as this one is, compiles as it is; one written for SDK 5 or 6 is compiled with
 * -DCL_CKPT_SDK=60.
 *
 *   build/bin/ckpt up                 in one terminal
 *   build/examples/clckpt_hello       in another
 */
#include <string.h>

#include <clCkptApi.h>
#include <clHeapApi.h>

#include "clerror.h"

#define SECOND ((ClTimeT)1000 * 1000 * 1000) /* times are in nanoseconds */

int main(void)
{
    /* Every program begins with a service handle. No callbacks: nothing asynchronous. */
    ClVersionT version = {'B', 1, 1};
    ClCkptSvcHdlT service;
    must(clCkptInitialize(&service, NULL, &version), "clCkptInitialize");

    /* What the checkpoint is to be like, if this is the first process to open it. With one section
     * it has the default section from the start. */
    const ClCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = CL_CKPT_WR_ALL_REPLICAS, /* a write returns when all replicas have it */
        .checkpointSize = 100,
        .retentionDuration = 10 * SECOND, /* how long it outlives its last user */
        .maxSections = 1,
        .maxSectionSize = 100,
        .maxSectionIdSize = 1,
    };
    ClNameT name;
    clNameSet(&name, "clckpt_hello");

    ClCkptHdlT checkpoint;
    must(clCkptCheckpointOpen(service, &name, &attributes,
                              CL_CKPT_CHECKPOINT_CREATE | CL_CKPT_CHECKPOINT_READ |
                                  CL_CKPT_CHECKPOINT_WRITE,
                              0, &checkpoint),
         "clCkptCheckpointOpen");

    /* A write takes a list of parts, each with a section, a place in it and the bytes. All of them
     * are written, or none. */
    char greeting[] = "Hello, OpenClovis!";
    ClCkptIOVectorElementT out = {
        .sectionId = CL_CKPT_DEFAULT_SECTION_ID,
        .dataBuffer = greeting,
        .dataSize = strlen(greeting),
        .dataOffset = 0,
    };
    must(clCkptCheckpointWrite(checkpoint, &out, 1, NULL), "clCkptCheckpointWrite");
    printf("wrote %zu bytes: %s\n", strlen(greeting), greeting);

    /* A read is the same the other way round. Without a buffer the library gives one with all there
     * is, and it is ours to free. */
    ClCkptIOVectorElementT in = {.sectionId = CL_CKPT_DEFAULT_SECTION_ID};
    must(clCkptCheckpointRead(checkpoint, &in, 1, NULL), "clCkptCheckpointRead");
    printf("read %llu bytes: %.*s\n", in.readSize, (int)in.readSize, (char *)in.dataBuffer);
    if (in.readSize != strlen(greeting) || memcmp(in.dataBuffer, greeting, in.readSize) != 0)
        give_up("that is not what was written");
    clHeapFree(in.dataBuffer);

    /* Deleting takes the name away; the checkpoint itself goes with its last user. A program that
     * wants to find its data again after a crash leaves this to its orderly end. */
    must(clCkptCheckpointDelete(service, &name), "clCkptCheckpointDelete");
    must(clCkptCheckpointClose(checkpoint), "clCkptCheckpointClose");
    must(clCkptFinalize(service), "clCkptFinalize");
    return EXIT_SUCCESS;
}
