/* minning-vault <home>: keeps what must not stand in the ledger. */
#include "services/vault/vault.h"

int main(int argc, char **argv) { return vault_main(argc, argv); }
