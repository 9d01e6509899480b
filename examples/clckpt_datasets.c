/*
 * clckpt_datasets: a library-based checkpoint: what one run writes the next one reads.
 *
 * No service is needed. The checkpoint is a database in a file, below the directory that
 * CKPT_DATA_DIR names. It consists of numbered datasets; a dataset has a record of its own, and any
 * number of elements. The library calls the program's serializers and deserializers to turn
 * records into bytes and back, and keeps what they give. Here: who has called how often.
 *
 *   CKPT_DATA_DIR=/tmp/calls clckpt_datasets write    says that it has written
 *   CKPT_DATA_DIR=/tmp/calls clckpt_datasets read     prints what that was, and deletes it
 *
 * It is written for the 2007 document: serializers fill a buffer of the library, and the cookie is
 * a number. With -DCL_CKPT_SDK=60 they would allocate with clHeapAllocate, and the cookie would be
 * a pointer.
 */
#include <stdint.h>
#include <string.h>

#include <clCkptExtApi.h>

#include "clerror.h"

enum { CALLS = 1 }; /* the dataset's number, not 0 */

struct caller {
    char name[16];
    ClUint32T calls;
};

static const struct caller callers[] = {{"Ada", 3}, {"Grace", 5}, {"Edsger", 2}};
enum { CALLERS = sizeof callers / sizeof callers[0] };

/* The library does not say which element it wants: the cookie given to the write does. */
static ClRcT pack_caller(ClUint32T dataset, ClAddrT *buffer, ClUint32T *size, ClHandleT cookie)
{
    const struct caller *caller = (const struct caller *)(uintptr_t)cookie;

    (void)dataset;
    if (*size < sizeof *caller) /* it comes with the size of the buffer */
        return CL_ERR_NO_SPACE;
    memcpy(*buffer, caller, sizeof *caller);
    *size = sizeof *caller;
    return CL_OK;
}

/* Called for each element. A code other than CL_OK ends the read, and is what it returns. */
static ClRcT unpack_caller(ClUint32T dataset, ClAddrT *buffer, ClUint32T *size, ClHandleT cookie)
{
    struct caller caller;
    ClUint32T *sum = (ClUint32T *)(uintptr_t)cookie;

    (void)dataset;
    if (*size != sizeof caller)
        return CL_ERR_INVALID_BUFFER;
    memcpy(&caller, *buffer, sizeof caller);
    printf("%.*s has called %u times\n", (int)sizeof caller.name, caller.name, caller.calls);
    *sum += caller.calls;
    return CL_OK;
}

/* The dataset's own record: the sum. */
static ClRcT pack_sum(ClUint32T dataset, ClAddrT *buffer, ClUint32T *size, ClHandleT cookie)
{
    (void)dataset;
    memcpy(*buffer, (const ClUint32T *)(uintptr_t)cookie, sizeof(ClUint32T));
    *size = sizeof(ClUint32T);
    return CL_OK;
}

/* Called after the elements. */
static ClRcT unpack_sum(ClUint32T dataset, ClAddrT *buffer, ClUint32T *size, ClHandleT cookie)
{
    ClUint32T stored;

    (void)dataset;
    if (*size != sizeof stored)
        return CL_ERR_INVALID_BUFFER;
    memcpy(&stored, *buffer, sizeof stored);
    printf("%u calls in all\n", stored);
    return stored == *(const ClUint32T *)(uintptr_t)cookie ? CL_OK : CL_ERR_INVALID_BUFFER;
}

static void write_all(ClCkptSvcHdlT library, ClNameT *name)
{
    ClUint32T sum = 0;

    for (int i = 0; i < CALLERS; i++) {
        char id[sizeof callers[i].name];

        strcpy(id, callers[i].name);
        must(clCkptLibraryCkptElementWrite(library, name, CALLS, id, (ClUint32T)strlen(id),
                                           (ClHandleT)(uintptr_t)&callers[i]),
             "clCkptLibraryCkptElementWrite");
        sum += callers[i].calls;
    }
    must(clCkptLibraryCkptDataSetWrite(library, name, CALLS, (ClHandleT)(uintptr_t)&sum),
         "clCkptLibraryCkptDataSetWrite");
    printf("wrote %d elements and the sum\n", CALLERS);
}

static void read_all(ClCkptSvcHdlT library, ClNameT *name)
{
    ClUint32T sum = 0;

    must(clCkptLibraryCkptDataSetRead(library, name, CALLS, (ClHandleT)(uintptr_t)&sum),
         "clCkptLibraryCkptDataSetRead");
    must(clCkptLibraryCkptDelete(library, name), "clCkptLibraryCkptDelete");
}

int main(int argc, char **argv)
{
    const char *role = argc == 2 ? argv[1] : "";
    ClCkptSvcHdlT library;
    ClBoolT exists;
    ClNameT name;

    if (strcmp(role, "write") != 0 && strcmp(role, "read") != 0)
        give_up("usage: clckpt_datasets write|read");
    must(clCkptLibraryInitialize(&library), "clCkptLibraryInitialize");
    clNameSet(&name, "calls");
    must(clCkptLibraryDoesCkptExist(library, &name, &exists), "clCkptLibraryDoesCkptExist");
    if (strcmp(role, "read") == 0 && !exists)
        give_up("nothing has been written yet");

    /* What exists is left as it is. The functions are not stored, so every run names them. */
    must(clCkptLibraryCkptCreate(library, &name), "clCkptLibraryCkptCreate");
    must(clCkptLibraryCkptDataSetCreate(library, &name, CALLS, 0, 0, pack_sum, unpack_sum),
         "clCkptLibraryCkptDataSetCreate");
    must(clCkptLibraryCkptElementCreate(library, &name, CALLS, pack_caller, unpack_caller),
         "clCkptLibraryCkptElementCreate");
    if (strcmp(role, "write") == 0)
        write_all(library, &name);
    else
        read_all(library, &name);
    must(clCkptLibraryFinalize(library), "clCkptLibraryFinalize");
    return EXIT_SUCCESS;
}
