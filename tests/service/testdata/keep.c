/* keep: a checkpoint of the OpenClovis API, for TestPowerCutOpenClovis. "keep write TEXT" creates it and writes its default
 * section, prints "written", and holds it open until it is killed; "keep read" opens it and prints what is in it. Errors are
 * printed as "CALL 0xCODE", with exit status 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <clCkptApi.h>
#include <clCommonErrors.h>

#define SIZE_MAX_BYTES 1000
#define HOUR ((ClTimeT)3600 * 1000 * 1000 * 1000)

static void must(ClRcT code, const char *call)
{
    if (code == CL_OK)
        return;
    printf("%s 0x%x\n", call, (unsigned)code);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    ClVersionT version = {'B', 1, 1};
    ClCkptSvcHdlT service;
    ClCkptHdlT checkpoint;
    ClNameT name;
    const ClCkptCheckpointCreationAttributesT attributes = {
        .creationFlags = CL_CKPT_WR_ALL_REPLICAS,
        .checkpointSize = SIZE_MAX_BYTES,
        .retentionDuration = HOUR,
        .maxSections = 1,
        .maxSectionSize = SIZE_MAX_BYTES,
        .maxSectionIdSize = 1,
    };

    clNameSet(&name, "keep");
    must(clCkptInitialize(&service, NULL, &version), "initialize");
    if (argc == 3) {
        ClCkptIOVectorElementT out = {
            .sectionId = CL_CKPT_DEFAULT_SECTION_ID, .dataBuffer = argv[2], .dataSize = strlen(argv[2])};
        must(clCkptCheckpointOpen(service, &name, &attributes, CL_CKPT_CHECKPOINT_CREATE | CL_CKPT_CHECKPOINT_WRITE, 0,
                                  &checkpoint),
             "create");
        must(clCkptCheckpointWrite(checkpoint, &out, 1, NULL), "write");
        puts("written");
        fflush(stdout);
        for (;;)
            pause();
    }
    char buffer[SIZE_MAX_BYTES];
    ClCkptIOVectorElementT in = {
        .sectionId = CL_CKPT_DEFAULT_SECTION_ID, .dataBuffer = buffer, .dataSize = sizeof buffer};
    must(clCkptCheckpointOpen(service, &name, NULL, CL_CKPT_CHECKPOINT_READ, 0, &checkpoint), "open");
    must(clCkptCheckpointRead(checkpoint, &in, 1, NULL), "read");
    printf("%.*s\n", (int)in.readSize, buffer);
    return EXIT_SUCCESS;
}
