/*
 * scene.h: one checkpoint that a peer writes and this process listens to.
 */
#ifndef CLOVIS_SCENE_H
#define CLOVIS_SCENE_H

#include "clovis.h"

/* Of the present scene. The peer has the checkpoint open for all in its slot 0. */
extern ClCkptSvcHdlT service;
extern ClNameT name;
extern ClCkptHdlT reader; /* opened for read, nothing registered */
extern struct peer writer;

/* A new scene: the peer creates the checkpoint, with section "a" holding "data". The peer process is
 * started once. begin_with: with other attributes and without sections; this process creates it. */
void begin(ClCkptCreationFlagsT flags);
void begin_with(const Attributes *with);
/* Ends it, so that another can begin. */
void end(void);

/* No more callbacks than these come. */
void told_no_more(int count);

#endif
