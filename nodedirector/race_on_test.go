//go:build race

package nodedirector

const raceEnabled = true
