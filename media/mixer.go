package media

// A Mixer is a [Factory] whose sessions can be mixed on the device: the calls of a group hear each other. It is
// optional. Without it calls are not grouped on this device, and the system is told so (supportsGrouping NO).
type Mixer interface {
	Factory
	// Mix puts a session of this factory into a group, or takes it out of its group if group is empty. A session of a
	// group sends the microphone and what the others of the group receive; muting stops the microphone only. Sessions
	// that were closed have left their group. It does not block.
	Mix(s Session, group string) error
}
