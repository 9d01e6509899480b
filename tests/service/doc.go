// Package service tests the programs of the service as a user meets them: as processes, with real kill -9, through the
// ckpt command, the Go client and small C programs (testdata).
package service
