// The vendors' own packages as an oracle: a request a line on standard input, {"op":…,"at":seconds,"args":{…}}, and an answer
// a line on standard output, {"value":…} or {"error":"…"}. The clock stands at "at" while a request is answered.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)

const twilio = require('twilio')
const agora = require('agora-token/src/AccessToken2.js')
const vonage = require('@vonage/jwt')
const { Video } = require('@vonage/video')
const { Auth } = require('@vonage/auth')
const OpenTok = require('opentok')
const livekit = await import('livekit-server-sdk')
const jsonwebtoken = require('jsonwebtoken')

// The clock.
const RealDate = Date
let now = 0
globalThis.Date = class extends RealDate {
  constructor(...args) { args.length ? super(...args) : super(now * 1000) }
  static now() { return now * 1000 }
}

const ops = {
  'twilio.token': a => {
    const t = new twilio.jwt.AccessToken(a.account, a.key, a.secret, { identity: a.identity, ttl: a.ttl, region: a.region })
    t.addGrant(new twilio.jwt.AccessToken.VoiceGrant({
      incomingAllow: a.incoming, outgoingApplicationSid: a.application, outgoingApplicationParams: a.params, pushCredentialSid: a.pushCredential,
    }))
    return t.toJwt()
  },
  'twilio.sign': a => twilio.getExpectedTwilioSignature(a.token, a.url, a.params ?? {}),
  'twilio.validate': a => a.body === undefined
    ? twilio.validateRequest(a.token, a.signature, a.url, a.params ?? {})
    : twilio.validateRequestWithBody(a.token, a.signature, a.url, a.body),
  'twilio.bodyhash': a => twilio.getExpectedBodyHash(a.body),

  'agora.token': a => {
    const t = new agora.AccessToken2(a.appId, a.certificate, a.at, a.expire)
    t.salt = a.salt
    const s = new agora.ServiceRtc(a.channel, a.uid)
    for (const [p, e] of Object.entries(a.privileges)) s.add_privilege(Number(p), e)
    t.add_service(s)
    return t.build()
  },
  'agora.verify': a => {
    const t = new agora.AccessToken2('', '', 0, 0)
    if (!t.from_string(a.token)) throw new Error('it cannot be parsed')
    return { verified: t.verifySignature(a.certificate), appId: String(t.appId), issueTs: t.issueTs, expire: t.expire, salt: t.salt,
      services: t.services.map(s => ({ type: s.service_type(), privileges: s.__privileges, channel: String(s.__channel_name ?? ''), uid: String(s.__uid ?? '') })) }
  },

  'vonage.token': a => vonage.tokenGenerate(a.application, a.key, a.options),
  'vonage.verify': a => vonage.verifySignature(a.token, a.secret),

  'vonage.video': a => new Video(new Auth({ applicationId: a.application, privateKey: a.key })).generateClientToken(a.session, a.options),

  'opentok.token': a => new OpenTok(a.key, a.secret).generateToken(a.session, a.options),

  // Verifies a token of any of the vendors by the package that most of them use; for RS256, with the public key.
  'jwt.verify': a => jsonwebtoken.verify(a.token, a.key, { algorithms: [a.algorithm], clockTimestamp: now }),

  // A token or webhook of a vendor's servers: signed as they sign, by the package that theirs verify with.
  'jwt.sign': a => jsonwebtoken.sign(a.claims, a.key, { algorithm: a.algorithm }),

  'livekit.token': async a => {
    const t = new livekit.AccessToken(a.key, a.secret, { identity: a.identity, name: a.name, ttl: a.ttl, metadata: a.metadata, attributes: a.attributes })
    t.addGrant(a.grant)
    return t.toJwt()
  },
  'livekit.signhook': async a => {
    const t = new livekit.AccessToken(a.key, a.secret, { ttl: 300 })
    t.sha256 = a.sha256
    return t.toJwt()
  },
  'livekit.verify': async a => new livekit.TokenVerifier(a.key, a.secret).verify(a.token),
  'livekit.webhook': async a => (await new livekit.WebhookReceiver(a.key, a.secret).receive(a.body, a.authorization)).event,
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    const { op, at, args } = JSON.parse(line)
    now = at
    if (!ops[op]) throw new Error(`there is no op ${op}`)
    answer = { value: await ops[op](args) }
  } catch (e) {
    answer = { error: String(e?.message ?? e) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
