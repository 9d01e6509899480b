//go:build ignore

/*
 * scene.c: one checkpoint that a peer writes and this process listens to.
 */
#include "scene.h"

#include <stdio.h>

#define SILENCE_MS 200 /* a callback that should not come has had its time by then */

ClCkptSvcHdlT service;
ClNameT name;
ClCkptHdlT reader;
struct peer writer;

static void new_scene(void)
{
    static int scenes;
    char suffix[24];

    if (scenes == 0)
        writer = start_peer();
    snprintf(suffix, sizeof suffix, "scene-%d", ++scenes);
    name = name_of(suffix);
    events_clear();
    on_event = NULL;
    service = initialize();
}

void begin(ClCkptCreationFlagsT flags)
{
    new_scene();
    OK(peer_do(&writer, "create 0 %d %u %.*s", RWC, flags, name.length, name.value));
    OK(peer_do(&writer, "section 0 a %lld data", (long long)CL_TIME_END));
    reader = open_as(service, &name, READ);
}

void begin_with(const Attributes *with)
{
    new_scene();
    reader = create(service, &name, with);
    OK(peer_do(&writer, "open 0 %d %.*s", READ | WRITE, name.length, name.value));
}

void end(void)
{
    OK(peer_do(&writer, "close 0"));
    OK(clCkptFinalize(service));
}

void told_no_more(int count)
{
    STAYS(SILENCE_MS, event_count() <= count);
    EQUAL(count, event_count());
}
