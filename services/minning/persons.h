/* Persons shown to the operator: names out of the vault, 已删除 where it knows them no more. */
#ifndef MINNING_PERSONS_H
#define MINNING_PERSONS_H

#include "services/minning/cli.h"

/* The texts behind keyed hashes, in their order: a name, "已删除", or the beginning of the hash where no vault answers. */
void persons_named(cli_t *cli, const person_ref_t *refs, uint32_t count, text_t *names);

#endif
