// Package main is libckpt-engine.so: the exported functions that engine.h declares, and the conversions between its C
// structures and package agent. Nothing else lives here.
package main

func main() {} // c-shared libraries have none that runs
