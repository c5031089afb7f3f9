//! PostgreSQL and the servers that speak its protocol.
use super::{Access, Database, Failure, Found, Grain, Inventory, Plan, Reader};
use crate::model::coverage::Reason;
use url::Url;

/// A server.
pub(super) struct Postgres(Url);

impl Postgres {
    pub fn open(url: &Url) -> Result<Self, String> {
        Ok(Postgres(url.clone()))
    }
}

impl Database for Postgres {
    fn inventory(&self, _: &Access) -> Result<Inventory, Failure> {
        Err(Failure::new(Reason::Unreachable, self.0.host_str().unwrap_or_default()))
    }

    fn plan(&self, _: &Found, _: &Access, _: Grain) -> Result<Plan, Failure> {
        Ok(Plan::default())
    }

    fn connect(&self, _: &str, _: &Access) -> Result<Box<dyn Reader>, Failure> {
        Err(Failure::new(Reason::Unreachable, ""))
    }
}
