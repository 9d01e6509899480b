/* Is a file fit to be loaded as a shared library? */
#ifndef CKPT_FRONT_ELFCHECK_H
#define CKPT_FRONT_ELFCHECK_H

/* The dynamic loader maps a file that was cut off and dies of SIGBUS when it touches what is missing. This looks first:
 * the file is a complete shared library of this machine's kind. Returns NULL, or what is wrong in a few words (a
 * string that may live in a buffer of the calling thread's errno text). */
const char *ckpt_elf_check(const char *path);

#endif
