/* minning-console <home>: HTTP for clerks, the coordinator and operators. */
#include "services/console/console.h"

int main(int argc, char **argv) { return console_main(argc, argv); }
