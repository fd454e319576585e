// SPDX-License-Identifier: GPL-2.0-only
/* target TOKEN [STATUS]: a program to be executed; exits with STATUS. */
#include <stdlib.h>

int main(int argc, char **argv)
{
	return argc > 2 ? atoi(argv[2]) : 0;
}
