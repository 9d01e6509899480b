// Package scale runs the whole service at its limits: as many replicas and sections as it promises, the largest attributes,
// writes and reads, and no memory left. The applications are the C programs of testdata, over the public API only.
package scale
