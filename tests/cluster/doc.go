// Package cluster tests the service on several hosts: real daemons in network namespaces, C programs as applications on each
// host, faults of processes, machines and the network between them. What the applications did and saw is judged by package
// history.
package cluster
