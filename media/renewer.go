package media

// A Renewer is a [Session] that goes on with new credentials, where those that it began with expire: some carriers put out
// who has none that are good, some want good ones of who comes back after the network was gone. It is optional. Whoever
// owns the sessions renews them in time; a carrier that lets who is in the call stay in it needs nothing of that.
type Renewer interface {
	Session
	// Renew gives the session credentials that are good for longer, as JSON of the same form as [Config].Credentials, for the
	// same call or room. It does not block, interrupts no sound if the carrier lets it, and may be called at any time; the
	// session keeps what it had if it returns an error.
	Renew(credentials []byte) error
}
