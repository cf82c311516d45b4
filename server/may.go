package server

import (
	"github.com/ringtrip/ringtrip/server/auth"
	rpc "github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// Who may ask for what is decided here, and only here. A method without a row opens to nobody.
var (
	byDevice  = []auth.Scope{auth.User, auth.Device}                           // what only a device of the user can say
	byRinging = []auth.Scope{auth.User, auth.Device, auth.Action}              // what a woken phone says without a session
	byUser    = []auth.Scope{auth.User, auth.Device, auth.Backend, auth.Admin} // what a user may, or the backend in the user's name
	byWatcher = []auth.Scope{auth.Backend, auth.Ops, auth.Admin}               // looking at all of the app
	byKeeper  = []auth.Scope{auth.Ops, auth.Admin}                             // changing all of the app
)

// may says which scopes open which method.
var may = map[string][]auth.Scope{
	rpc.PhoneServiceRegisterDeviceProcedure:   byDevice,
	rpc.PhoneServiceUnregisterDeviceProcedure: byUser, // a backend logs users out
	rpc.PhoneServiceEventsProcedure:           byDevice,
	rpc.PhoneServiceStartProcedure:            byUser,
	rpc.PhoneServiceGetSealKeysProcedure:      byUser,
	rpc.PhoneServiceAckProcedure:              byRinging,
	rpc.PhoneServiceAnswerProcedure:           byRinging,
	rpc.PhoneServiceDeclineProcedure:          byRinging,
	rpc.PhoneServiceCancelProcedure:           byUser,
	rpc.PhoneServiceEndProcedure:              byUser,
	rpc.PhoneServiceHoldProcedure:             byDevice,
	rpc.PhoneServiceSendMediaProcedure:        byRinging,
	rpc.PhoneServiceGetCallProcedure:          {auth.User, auth.Device, auth.Action, auth.Backend, auth.Admin},
	rpc.PhoneServiceListHistoryProcedure:      byUser,
	rpc.PhoneServiceMoveProcedure:             byDevice,
	rpc.PhoneServiceListLiveProcedure:         byUser,
	rpc.PhoneServiceOfferMoveProcedure:        byDevice,
	rpc.PhoneServiceWithdrawMoveProcedure:     byDevice,
	rpc.PhoneServiceGetGroupProcedure:         byUser,
	rpc.PhoneServiceJoinGroupProcedure:        byUser, // a backend lets in whom nobody called
	rpc.PhoneServiceLeaveGroupProcedure:       byUser, // and shows out
	rpc.PhoneServiceBlockProcedure:            byUser,
	rpc.PhoneServiceUnblockProcedure:          byUser,
	rpc.PhoneServiceListBlockedProcedure:      byUser,
	rpc.PhoneServiceSetQuietHoursProcedure:    byUser,
	rpc.PhoneServiceGetQuietHoursProcedure:    byUser,
	rpc.PhoneServiceSetPrioritiesProcedure:    byUser,
	rpc.PhoneServiceGetPrioritiesProcedure:    byUser,
	rpc.PhoneServiceGetCredentialsProcedure:   byRinging,
	rpc.OpsServiceGetLedgerProcedure:          byWatcher,
	rpc.OpsServiceListCallsProcedure:          byWatcher,
	rpc.OpsServiceEndCallProcedure:            byKeeper,

	rpc.OpsServiceListWebhooksProcedure:     byWatcher,
	rpc.OpsServiceListDeadWebhooksProcedure: byWatcher,
	rpc.OpsServiceTestWebhookProcedure:      byKeeper,
	rpc.OpsServiceEnableWebhookProcedure:    byKeeper,
	rpc.OpsServiceReplayWebhooksProcedure:   byKeeper,
}
