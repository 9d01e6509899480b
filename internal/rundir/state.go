package rundir

import "path/filepath"

// State is the directory for what outlives a reboot: for root /var/lib/ckpt/INSTANCE, else ckpt in stateHome (XDG_STATE_HOME)
// or in .local/state in home. It is relative if neither of the two is absolute: then there is none.
func State(uid int, stateHome, home, instance string) string {
	if uid == 0 {
		return filepath.Join("/var/lib/ckpt", instance)
	}
	name := "ckpt"
	if instance != DefaultInstance {
		name += "-" + instance
	}
	if filepath.IsAbs(stateHome) {
		return filepath.Join(stateHome, name)
	}
	return filepath.Join(home, ".local/state", name)
}
