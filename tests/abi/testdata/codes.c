/* Prints the ClRcT of every SaAisErrorT from 0 to 40, one a line. */
#include <stdio.h>

#include "code.c"

int main(void)
{
	for (int error = 0; error <= 40; error++)
		printf("%d %06x\n", error, (unsigned)cl_code((SaAisErrorT)error));
	return 0;
}
