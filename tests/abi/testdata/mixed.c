/*
 * A program that uses both APIs and the heap. Prints the file that each function comes from, and
 * frees what another part of the program had from malloc, as a buffer of the library is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clHeapApi.h>
#include <saCkpt.h>

static void say(const char *name)
{
    void *address = dlsym(RTLD_DEFAULT, name);
    Dl_info info;

    if (address == NULL || dladdr(address, &info) == 0)
        exit(EXIT_FAILURE);
    printf("%s %s\n", name, strrchr(info.dli_fname, '/') + 1);
}

int main(void)
{
    SaVersionT none = {0, 0, 0};
    SaCkptHandleT handle;

    if (saCkptInitialize(&handle, NULL, &none) != SA_AIS_ERR_VERSION)
        return EXIT_FAILURE;
    say("saCkptInitialize");
    say("clHeapFree");
    fflush(stdout);
    clHeapFree(clHeapAllocate(10));
    clHeapFree(calloc(1, 32));
    return EXIT_SUCCESS;
}
