/* minning-gateway <home>: the door of the units. */
#include "services/gateway/gateway.h"

int main(int argc, char **argv) { return gateway_main(argc, argv); }
