/*
 * hold: opens a checkpoint and does nothing more until it is killed.
 *
 *   hold NAME RETENTION_MS [fork]
 *
 * With "fork" a child that holds copies of all descriptors goes on living; it ends when standard input does.
 * Prints "open PID".
 */
#include <unistd.h>

#include "client.h"

int main(int argc, char **argv)
{
    char byte;

    if (argc < 3)
        return 2;
    open_checkpoint(initialize(), argv[1], 1, atoll(argv[2]) * SA_TIME_ONE_MILLISECOND);
    if (argc > 3 && fork() == 0) {
        while (read(0, &byte, 1) > 0) {
        }
        return 0;
    }
    printf("open %d\n", (int)getpid());
    fflush(stdout);
    for (;;)
        pause();
}
