package daemon

import (
	"strconv"

	"libckpt/internal/config"
)

// NodesMax is the most node directors in one process.
const NodesMax = 64

// RunUp is the whole service in one process: bus, director and the given number of node directors, the first of
// which is a controller. It returns when it was told to stop and has stopped.
func RunUp(c *config.Config, nodes int) error {
	return run(c, EmbedBus, func(s *service) error {
		if err := s.startDirector(); err != nil {
			return err
		}
		for k := 1; k <= nodes; k++ {
			if err := s.startNode(k, k == 1); err != nil {
				return err
			}
		}
		return nil
	})
}

func nodeName(first string, k int) string {
	if k == 1 {
		return first
	}
	return first + "-" + strconv.Itoa(k)
}
