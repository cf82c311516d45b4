import Foundation
import RingtripEngine
import RingtripSimulator

extension SimulatedPhone {
    /// Says what the app's Intents extension is, whose trait is intentsExtension: Siri asks it when the user wants to call
    /// somebody with the app. What it answers decides.
    public func install(intents make: @escaping () -> INExtension) {
        install(extension: "intents") { process in
            let main = make()
            process.keep(main)
            func on(_ op: SystemOp, _ f: @escaping (any INStartCallIntentHandling, INStartCallIntent, _ ticket: Int) -> Void) {
                process.on(op) { m in
                    let intent = INStartCallIntent(m.activity ?? SystemActivity())
                    if let handler = main.handler(for: intent) as? any INStartCallIntentHandling { f(handler, intent, m.ticket) }
                    return SystemMessage()
                }
            }
            on(.intentConfirm) { [weak process] handler, intent, ticket in
                handler.confirm(intent: intent) { process?.answer(ticket, $0) }
            }
            on(.intentHandle) { [weak process] handler, intent, ticket in
                handler.handle(intent: intent) { process?.answer(ticket, $0) }
            }
            on(.intentResolve) { [weak process] handler, intent, ticket in
                handler.resolveContacts(for: intent) { results in
                    let people = results.filter { $0.kind == .success }.flatMap(\.people)
                    process?.send(SystemMessage(op: .intentAnswer, ticket: ticket, contacts: people.map(\.message)))
                }
            }
        }
    }
}

extension SimulatedProcess {
    fileprivate func answer(_ ticket: Int, _ response: INStartCallIntentResponse) {
        send(SystemMessage(op: .intentAnswer, ticket: ticket, number: response.code.rawValue))
    }
}
