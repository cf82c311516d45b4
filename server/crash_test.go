package server_test

const childDir = "RINGTRIP_TEST_CHILD"

func child(string) int { return 2 }
