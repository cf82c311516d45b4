// Package verdict examines an app's call code, written against package callkit, on the simulated iPhone, and says
// which of the mistakes that real apps make are in it, by their numbers: see [Bugs].
package verdict
