/* The command line tool. */
#include "services/minning/cli.h"

int main(int argc, char **argv) { return cli_main(argc, argv); }
